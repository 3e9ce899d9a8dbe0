"""Alerts: what to say of an abnormal move, and how it reaches people."""
