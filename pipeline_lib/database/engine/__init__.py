"""Connections to either database: addresses, transactions, locks, failures."""
