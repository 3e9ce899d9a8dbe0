"""What all tests share. Airflow reads its settings at its first import, so they are made here, before it."""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.foreign_settings import forget_foreign_settings

PROJECT = Path(__file__).resolve().parents[1]

# Needs a Docker engine: `make test-stack` names it.
collect_ignore = ["stack"]

forget_foreign_settings()
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


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A real S3 server on this machine."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 (slow, and few tests need it)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials; nothing of the machine's own is left (see above)."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
