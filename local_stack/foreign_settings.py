"""This machine's own settings, which must leak into no demo and no test, nor those into real services."""

import os

_PREFIXES = ("AIRFLOW", "AWS_", "BITCOIN_", "ETHEREUM_", "COINGECKO_", "SLACK_", "S3_", "OPS_")
_NAMES = ("DATA_DIR", "DAG_CONFIGS_DIR", "PIPELINE_DEADLINE_MINUTES", "WEBHOOK_VARIABLE_PREFIX")


def forget_foreign_settings() -> None:
    """Drop them from the environment of this process."""
    for name in [*os.environ]:
        if name.startswith(_PREFIXES) or name in _NAMES:
            del os.environ[name]
