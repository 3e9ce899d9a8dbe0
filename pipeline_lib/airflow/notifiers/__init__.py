"""How Airflow tells operators: notifiers for tasks and deadlines, and a listener for import errors.

These know Airflow and hold no secret: each reads the settings when it has something to tell.
"""
