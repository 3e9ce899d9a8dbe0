"""What all tests share. Airflow reads its settings at its first import, so they are made here, before it."""

import logging
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch
from uuid import uuid4

import boto3
import pytest
from botocore.loaders import JSONFileLoader

from local_stack.foreign_settings import forget_foreign_settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROJECT = Path(__file__).resolve().parents[1]

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.storage"]

# A real S3 server to test against, instead of moto's (make test-s3).
_S3_ENDPOINT = os.environ.get("S3_ENDPOINT", "")
_S3_TEST_BUCKET = os.environ.get("S3_TEST_BUCKET", "")
_MADE_UP = {
    "AWS_ACCESS_KEY_ID": "made-up-key",
    "AWS_SECRET_ACCESS_KEY": "made-up-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_S3_CREDENTIALS = _MADE_UP
if _S3_ENDPOINT:
    names = (*_MADE_UP, "AWS_SESSION_TOKEN")
    _S3_CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1"} | {
        name: os.environ[name] for name in names if os.environ.get(name)
    }

_LONGEST = ("tests/crashes/", "tests/system/")

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


@pytest.fixture(scope="session", autouse=True)
def _service_descriptions_are_read_once() -> Iterator[None]:
    """Each session of boto3 reads megabytes of JSON anew, which takes longer than all else of a client."""
    once = staticmethod(cache(JSONFileLoader().load_file))
    with patch.object(JSONFileLoader, "load_file", once):
        yield


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """An S3 server: moto's on this machine, or the one that S3_ENDPOINT names."""
    if _S3_ENDPOINT:
        yield _S3_ENDPOINT
        return
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 (slow, and few tests need it)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The S3 server's credentials, made up for moto; nothing of the machine's own is left (see above)."""
    for name, value in _S3_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def s3_client(s3_url: str) -> "S3Client":
    """The tests' own look at the S3 server, which needs nothing of the environment."""
    return boto3.client(
        "s3",
        endpoint_url=s3_url,
        region_name=_S3_CREDENTIALS["AWS_DEFAULT_REGION"],
        aws_access_key_id=_S3_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_S3_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=_S3_CREDENTIALS.get("AWS_SESSION_TOKEN"),
    )


@pytest.fixture
def s3_bucket(s3_client: "S3Client") -> Iterator[str]:
    """An empty bucket: a new one, or the one that S3_TEST_BUCKET names, which is empty again afterwards."""
    name = _S3_TEST_BUCKET or f"prices-{uuid4()}"
    if not _S3_TEST_BUCKET:
        s3_client.create_bucket(Bucket=name)
    elif s3_client.list_objects_v2(Bucket=name)["KeyCount"]:
        pytest.fail(f"the bucket {name} isn't empty; tests would delete what is in it", pytrace=False)
    yield name
    if _S3_ENDPOINT:
        pages = s3_client.get_paginator("list_objects_v2").paginate(Bucket=name)
        for found in (entry for page in pages for entry in page.get("Contents", [])):
            s3_client.delete_object(Bucket=name, Key=found["Key"])
        if not _S3_TEST_BUCKET:
            s3_client.delete_bucket(Bucket=name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; mark what talks to the S3 server, for ``make test-s3``."""
    # Files are handed out in this order: a long one at the end would keep one processor alone busy.
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
    for item in items:
        if "s3_url" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.s3)
