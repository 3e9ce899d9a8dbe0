"""A pipeline in a folder, an S3 server and a simulated market and Slack, whose runs can be killed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, select

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.schema import state_of
from pipeline_lib.database.tables import arrivals, events
from pipeline_lib.simulator.server import Simulator
from tests.crashes.databases import SceneDatabase

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROJECT = Path(__file__).resolve().parents[2]
KILLED = -9
REPEAT = "may be a repeat: "
_PREFIX = "crypto/btc"
_SPEC = """\
spec_version: 1
coin: bitcoin
schedule: "@hourly"
windows: [24h, 7d]
thresholds: {{1h: 3, 24h: 8}}
s3: {{bucket: {bucket}, prefix: {prefix}, endpoint_url: "{endpoint}"}}
"""


@dataclass(frozen=True)
class Job:
    """Steps of one moment in a process of their own.

    Attributes:
        steps: Names of functions in ``pipeline_lib.steps``.
        moment: The run's.
        kill_at: The fault point to be killed at, from 1; 0 for none.
        is_torn: Whether half of what is written there is written.
    """

    steps: Sequence[str]
    moment: datetime
    kill_at: int = 0
    is_torn: bool = False


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: 0, ``KILLED``, or 1 when a step raised.
        said: The traceback of what was raised.
        passed: The fault points passed: the function, and what for. Empty for a killed process.
    """

    code: int
    said: str
    passed: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class State:
    """All that a pipeline has written.

    Attributes:
        files: By place in the data folder, but for locks, temporary files, which nobody reads, caches, and
            the name of the database.
        arrivals: Number, moment, part, hashes and manifest of each arrival, as the database has them.
        objects: Their entity tags by key; those of equal content are equal.
        events: What became of each event of rules, by rule, kind and moment.
    """

    files: Mapping[str, bytes]
    arrivals: Sequence[tuple[object, ...]]
    objects: Mapping[str, str]
    events: Mapping[tuple[str, str, datetime], str]


@dataclass
class Scene:
    """Runs jobs, and sets the world back to an earlier state.

    Attributes:
        folder: Project folder of the pipeline.
        simulator: The market and Slack.
        client: The tests' own look at the S3 server.
        bucket: Holds nothing else.
        database: Keeps the pipeline's rows.
        market_at: Where the market stands, whatever the moment of a run; None to follow the runs.
    """

    folder: Path
    simulator: Simulator
    client: "S3Client"
    bucket: str
    database: SceneDatabase
    market_at: datetime | None = None
    _victim: "subprocess.Popen[str]" = field(init=False)
    _contents: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the spec and start the warm process."""
        (self.folder / "dag_configs").mkdir(parents=True)
        spec = _SPEC.format(bucket=self.bucket, prefix=_PREFIX, endpoint=self.client.meta.endpoint_url)
        (self.folder / "dag_configs" / "btc.yaml").write_text(spec, encoding="utf-8")
        self._victim = subprocess.Popen(
            [sys.executable, "-m", "tests.crashes.victim"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the warm process."""
        self._victim.communicate()

    @property
    def data(self) -> Path:
        """The folder of everything that the pipeline writes."""
        return self.folder / "data"

    def run(self, *jobs: Job) -> list[Ended]:
        """Run jobs at once, with the market where ``market_at`` says, or at the moment of the first."""
        self.simulator.clock.set(self.market_at or jobs[0].moment)
        line = json.dumps([self._encode(job) for job in jobs])
        assert self._victim.stdin is not None
        assert self._victim.stdout is not None
        self._victim.stdin.write(line + "\n")
        self._victim.stdin.flush()
        return [_decode(answer) for answer in json.loads(self._victim.stdout.readline())]

    def pid(self) -> int:
        """The warm process, for a tracer."""
        return self._victim.pid

    def finish(self, steps: Sequence[str], *moments: datetime) -> list[Ended]:
        """Run steps of each moment in turn, unharmed."""
        ended = [self.run(Job(steps, moment))[0] for moment in moments]
        for one in ended:
            assert one.code == 0, one.said
        return ended

    def state(self) -> State:
        """All that the pipeline has written so far."""
        return State(
            files={
                str(path.relative_to(self.data)): path.read_bytes()
                for path in sorted(self.data.rglob("*"))
                if path.is_file()
                and not is_ignored(path)
                # Answers that pipelines share, and the count of calls: a cache, which says who asked.
                and self.data / "coingecko" not in path.parents
            },
            arrivals=self._arrivals(),
            objects=self._objects(),
            events=self._events(),
        )

    def _objects(self) -> Mapping[str, str]:
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {entry["Key"]: entry["ETag"] for entry in listed}

    def _arrivals(self) -> Sequence[tuple[object, ...]]:
        columns = (
            arrivals.c.number,
            arrivals.c.moment,
            arrivals.c.part,
            arrivals.c.json_sha256,
            arrivals.c.csv_sha256,
            arrivals.c.manifest_day,
        )
        return tuple(map(tuple, self._read(select(*columns).order_by(arrivals.c.number))))

    def _events(self) -> Mapping[tuple[str, str, datetime], str]:
        query = select(events.c.rule, events.c.kind, events.c.moment, events.c.status)
        return {(row.rule, row.kind, row.moment): row.status for row in self._read(query)}

    def _read(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        if not self.database.exists:
            return ()
        with closing(Database(self.database.address)) as database, database.reading() as connection:
            return connection.execute(query).all() if state_of(connection).version else ()

    def object(self, key: str) -> bytes:
        """What S3 holds under a key."""
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def leftovers(self) -> list[Path]:
        """Temporary files that a killed process has left."""
        return [path for path in self.data.rglob("*.tmp") if path.is_file()]

    def save(self, name: str) -> State:
        """Keep the state under a name."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if self.data.exists():
            shutil.copytree(self.data, self.folder / name)
        self.database.save(name)
        state = self.state()
        self._contents[name] = {key: self.object(key) for key in state.objects}
        return state

    def restore(self, name: str) -> None:
        """Bring the state back that was kept under a name."""
        shutil.rmtree(self.data, ignore_errors=True)
        if (self.folder / name).exists():
            shutil.copytree(self.folder / name, self.data)
        self.database.restore(name)
        saved, found = self._contents[name], self._objects()
        for key in found.keys() - saved.keys():
            self.client.delete_object(Bucket=self.bucket, Key=key)
        for key, content in saved.items():
            if found.get(key, "").strip('"') != md5(content, usedforsecurity=False).hexdigest():
                self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def delivered(self) -> list[str]:
        """The plain texts that Slack took, from the first on."""
        return [str(message.body["text"]) for message in self.simulator.slack_messages]

    def _encode(self, job: Job) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "pipeline": "btc",
            "environment": {
                "COINGECKO_BASE_URL": self.simulator.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "100000",
                "DATABASE_URL": self.database.address.reveal(),
                "LOCAL_FILES": "1",
                "SLACK_WEBHOOK_URL": self.simulator.slack_webhook_url,
            },
            "steps": list(job.steps),
            "moment": format_moment(job.moment.astimezone(UTC)),
            "kill_at": job.kill_at,
            "is_torn": job.is_torn,
        }


def is_ignored(path: Path) -> bool:
    """Whether a file is a lock, the database's name, one that isn't complete yet, or a note of a time."""
    if path.name.startswith("keeper"):
        return True
    return path.name.startswith(".") and path.suffix in (".lock", ".tmp", ".progress")


def _decode(answer: Mapping[str, Any]) -> Ended:
    said = str(answer["said"])
    passed = [(name, place) for name, place in json.loads(said)] if answer["code"] == 0 else []
    return Ended(int(answer["code"]), said, passed)
