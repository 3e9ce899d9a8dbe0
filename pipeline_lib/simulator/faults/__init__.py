"""Faults on demand, and their form as JSON."""
