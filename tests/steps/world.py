"""A pipeline's surroundings: a simulated market and Slack, an S3 server, a folder of files."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select

from pipeline_lib import steps
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import events
from pipeline_lib.database.alerting.messages import MessageStatus
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.quarantine import Quarantined
from pipeline_lib.database.pipelines import find_series_of
from pipeline_lib.database.tables import messages, publications, published_objects, unpublished_snapshots
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Run, Services

START = datetime(2018, 2, 3, tzinfo=UTC)
CRASH = START + timedelta(hours=62)
ASKED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """What the steps of one pipeline reach.

    Attributes:
        spec: The pipeline; publishes to ``bucket``.
        services: Reaches the simulator and the S3 server.
        simulator: Prices by the hour from ``START``; at ``CRASH`` they fall by a tenth.
        bucket: Empty at the start.
        data: The folder of everything that the pipeline writes.
    """

    spec: PipelineSpec
    services: Services
    simulator: Simulator
    bucket: Bucket
    data: Path

    def fetch(self, moment: datetime) -> Outcome:
        """Run the first step while the market stands at ``moment``."""
        if moment < self.simulator.clock.now():
            # No real market goes back in time: nothing may be known of what it said later.
            with self.services.database.writing() as connection:
                connection.exec_driver_sql("DELETE FROM shared_answers")
        self.simulator.clock.set(moment)
        return steps.fetch_and_save_price(self.spec, Run(moment), self.services)

    def run_all(self, moment: datetime) -> list[str]:
        """Run all steps of a moment; what they say."""
        this_run = Run(moment, url="https://airflow.example/run")
        outcomes = [
            self.fetch(moment),
            steps.compute_moving_average(self.spec, this_run, self.services),
            steps.upload_processed_csv_to_s3(self.spec, this_run, self.services),
            steps.send_price_alerts(self.spec, this_run, self.services),
            steps.upload_raw_to_s3(self.spec, this_run, self.services),
        ]
        return [says(outcome) for outcome in outcomes]

    def files(self) -> dict[str, bytes]:
        """All files but hidden ones and what pipelines share, by their place in ``data``."""
        return {
            str(path.relative_to(self.data)): path.read_bytes()
            for path in sorted(self.data.rglob("*"))
            if path.is_file()
            and not path.name.startswith(".")
            and self.data / "coingecko" not in path.parents
        }

    def objects(self) -> dict[str, bytes]:
        """All objects in the bucket, by key."""
        client = self.bucket.client
        listed = client.list_objects_v2(Bucket=self.bucket.name).get("Contents", [])
        return {
            entry["Key"]: client.get_object(Bucket=self.bucket.name, Key=entry["Key"])["Body"].read()
            for entry in listed
        }

    def quarantined(self) -> list[Quarantined]:
        """The answers that the pipeline refused."""
        with self.services.database.reading() as connection:
            return quarantine.read(connection, self.spec.name)

    def delivered(self) -> list[str]:
        """The plain texts that Slack took."""
        return [str(message.body["text"]) for message in self.simulator.slack_messages]

    def events(self) -> dict[tuple[str, str, datetime], DeliveryStatus]:
        """What became of each recorded event of the pipeline, by rule, kind and moment."""
        with self.services.database.reading() as connection:
            series = find_series_of(connection, self.spec.name, self.spec.coins.named, self.spec.vs_currency)
            recorded = [
                event for each in series for event in events.read_since(connection, each.id, BEGINNING)
            ]
        self.services.database.close()
        return {
            (each.event.rule.name, each.event.kind.value, each.event.moment): each.status for each in recorded
        }

    def payloads(self, status: MessageStatus = MessageStatus.DELIVERED) -> list[object]:
        """What messages of a status held, from the first on."""
        query = select(messages.c.payload).where(messages.c.status == status.value).order_by(messages.c.id)
        with self.services.database.reading() as connection:
            found = [json.loads(payload) for payload in connection.scalars(query)]
        self.services.database.close()
        return found

    def in_another_process(self) -> "World":
        """The same surroundings with a connection of its own."""
        database = PreparedDatabase(self.services.settings.database_url)
        return replace(self, services=replace(self.services, database=database))

    def at_the_real_time(self) -> "World":
        """The same surroundings with the machine's clock, by which files have their times."""
        return replace(self, services=replace(self.services, now=lambda: datetime.now(UTC)))

    def forget_publications(self) -> None:
        """Lose all that the database knows of S3."""
        with self.services.database.writing() as connection:
            for table in (publications, published_objects, unpublished_snapshots):
                connection.execute(delete(table))

    def with_spec(self, change: Callable[[PipelineSpec], PipelineSpec]) -> "World":
        """The same surroundings of another spec."""
        return replace(self, spec=change(self.spec))


def says(outcome: Outcome) -> str:
    """The text of an outcome, after its kind."""
    match outcome:
        case Done(summary):
            return f"done: {summary}"
        case Skipped(reason):
            return f"skipped: {reason}"
