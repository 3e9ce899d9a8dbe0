"""This machine's own settings, which must leak into no demo and no test, nor those into real services."""

import os

_PREFIXES = ("AIRFLOW", "ALERT_", "AWS_", "COINGECKO_", "DATABASE_", "OPS_", "S3_", "SLACK_")
_SUFFIXES = ("_RAW_PATH", "_PROCESSED_PATH", "_ARCHIVE_PATH")
_NAMES = (
    "DATA_DIR",
    "DAG_CONFIGS_DIR",
    "LOCAL_FILES",
    "PIPELINE_DEADLINE_MINUTES",
    "WEBHOOK_VARIABLE_PREFIX",
)


def forget_foreign_settings() -> None:
    """Drop them from the environment of this process."""
    for name in [*os.environ]:
        if name.startswith(_PREFIXES) or name.endswith(_SUFFIXES) or name in _NAMES:
            del os.environ[name]
