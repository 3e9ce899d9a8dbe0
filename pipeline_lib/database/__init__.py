"""The database: what is known of each series, and what was done about it.

SQLite beside the data by default, PostgreSQL for many machines. One module a subject; each takes a connection
of :class:`~pipeline_lib.database.engine.connections.Database` and leaves transactions to its caller.
"""
