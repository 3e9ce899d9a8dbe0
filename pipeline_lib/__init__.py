"""coin-pipelines: YAML specs become Apache Airflow pipelines for crypto market data."""
