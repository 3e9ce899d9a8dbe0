"""The only door to Airflow: DAGs, tasks, notifiers and the plugin."""
