"""An S3 endpoint on this machine, with a bucket."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3  # noqa: TID253 (no DAG file imports this)
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class SimulatedS3:
    """The endpoint, and the way to it.

    Attributes:
        client: A client of it.
        environment: The variables that lead pipelines here.
    """

    client: "S3Client"
    environment: Mapping[str, str]


@contextmanager
def simulated_s3(bucket: str) -> Iterator[SimulatedS3]:
    """Start it on a free port, and lead this process there, too.

    Args:
        bucket: The name of its bucket.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "demo-access-key",
            "AWS_SECRET_ACCESS_KEY": "demo-secret-key",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "S3_BUCKET": bucket,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        os.environ.update(environment)
        client = boto3.client("s3")
        client.create_bucket(Bucket=bucket)
        yield SimulatedS3(client, environment)
    finally:
        server.stop()
