"""Everything outside the stack, simulated in a container: a market, Slack, and S3."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.simulator.faults.queue import SLACK_ROOT
from pipeline_lib.simulator.slack import WEBHOOK_PATH
from tests.stack.docker import run_docker

COINGECKO_URL = "https://simulated-world:8443/api/v3"
SLACK_URL = f"https://simulated-world:8443{WEBHOOK_PATH}"
BUCKET = "market-data"
S3_ENVIRONMENT = {
    "S3_BUCKET": BUCKET,
    "AWS_ENDPOINT_URL": "https://simulated-world:8444",
    "AWS_ACCESS_KEY_ID": "made-up-key",
    "AWS_SECRET_ACCESS_KEY": "made-up-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CA_BUNDLE": "/run/world/certificate.pem",
    "REQUESTS_CA_BUNDLE": "/run/world/certificate.pem",
}
_COMPOSE_FILE = Path(__file__).resolve().parent / "simulated_world" / "docker-compose.yaml"
_SIMULATOR = "http://127.0.0.1:8099/simulator"
_S3 = "http://127.0.0.1:8098"
_LIST_KEYS = f"""
import boto3, json
s3 = boto3.client("s3", endpoint_url="{_S3}", region_name="us-east-1",
                  aws_access_key_id="made-up-key", aws_secret_access_key="made-up-secret")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="{BUCKET}")
keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
print(json.dumps({{key: s3.get_object(Bucket="{BUCKET}", Key=key)["Body"].read().decode() for key in keys}}))
"""


@dataclass(frozen=True)
class World:
    """The simulated world; it outlives the stack."""

    folder: Path

    def build(self) -> None:
        self._compose("build", "--quiet")

    def up(self) -> None:
        self._compose("up", "--detach", "--wait", "--wait-timeout=300")
        self._ask("-X", "PUT", f"{_S3}/{BUCKET}")

    def down(self) -> None:
        self._compose("down", "--volumes", "--timeout=1")

    def stand_at(self, moment: datetime) -> None:
        """Set the market's clock."""
        self._ask("-X", "PUT", "--data", json.dumps({"at": format_moment(moment)}), f"{_SIMULATOR}/clock")

    def answer_slowly(self, seconds: float, times: int) -> None:
        """Let the next answers of the market wait."""
        self._add_fault({"kind": "slow", "seconds": seconds, "times": times})

    def move_price(self, percent: float) -> None:
        """Let the next answer of the market say that bitcoin moved so far within the hour."""
        field = "price_change_percentage_1h_in_currency"
        self._add_fault({"kind": "replace_field", "coin": "bitcoin", "field": field, "value": percent})

    def refuse_messages(self) -> None:
        """Let Slack be away."""
        self._add_fault({"kind": "status", "status": 503, "path": SLACK_ROOT, "times": 1000})

    def answer_at_once(self) -> None:
        """End all that was asked for above."""
        self._ask("-X", "DELETE", f"{_SIMULATOR}/faults")

    def messages(self) -> list[str]:
        """What Slack took, each message's text."""
        taken = json.loads(self._ask(f"{_SIMULATOR}/slack/messages"))
        return [str(message["body"]["text"]) for message in taken]

    def objects(self) -> dict[str, str]:
        """What S3 holds, by key."""
        found: dict[str, str] = json.loads(self._exec("python", "-c", _LIST_KEYS))
        return found

    def _add_fault(self, fault: Mapping[str, object]) -> None:
        self._ask("--data", json.dumps(fault), f"{_SIMULATOR}/faults")

    def _ask(self, *arguments: str) -> str:
        return self._exec("curl", "--fail", "--silent", "--show-error", *arguments)

    def _exec(self, *command: str) -> str:
        return self._compose("exec", "-T", "simulated-world", *command)

    def _compose(self, *arguments: str) -> str:
        finished = run_docker("compose", f"--file={_COMPOSE_FILE}", *arguments, folder=self.folder)
        assert finished.returncode == 0, f"{' '.join(arguments)}\n{finished.stderr.decode()}"
        return finished.stdout.decode()
