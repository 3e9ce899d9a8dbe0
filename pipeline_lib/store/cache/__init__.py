"""Answers of the market that processes share."""
