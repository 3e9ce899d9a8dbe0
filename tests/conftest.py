"""What all tests share. Airflow reads its settings at its first import, so they are made here, before it."""

import os
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

_FOREIGN_PREFIXES = ("AIRFLOW", "AWS_", "BITCOIN_", "ETHEREUM_", "COINGECKO_", "SLACK_", "S3_")
for _name in [*os.environ]:
    if _name.startswith(_FOREIGN_PREFIXES) or _name in ("DATA_DIR", "DAG_CONFIGS_DIR"):
        del os.environ[_name]

_AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="coin-pipelines-tests-"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(_AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_AIRFLOW_HOME}/airflow.db",
        # Everything that tests talk to is on this machine, whatever proxy the machine has.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        # No request for credentials may leave the machine.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(_AIRFLOW_HOME / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(_AIRFLOW_HOME / "no-aws-credentials"),
    }
)
