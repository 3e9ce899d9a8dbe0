"""A stand-in for CoinGecko and Slack: a real HTTP server on loopback, over price series.

It has its own clock, and faults on demand. It knows only HTTP and prices, nothing of pipelines, so it can
tell what a pipeline really asks and sends.

``server.Simulator`` runs it inside a process, ``coin-pipelines simulator`` from the command line.
"""
