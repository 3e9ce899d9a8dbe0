"""How Airflow notifies operators: notifiers for tasks and deadlines, and a listener for import errors.

These know Airflow and hold no secret: each reads the settings when there is something to report.
"""
