"""Durable writes, locks and the places of files."""
