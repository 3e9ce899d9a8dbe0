"""Runs of the alert step in any order, with a Slack in this process that fails when it is told to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import events
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.tables import messages
from pipeline_lib.errors import SlackUnavailableError
from pipeline_lib.model.events import DeliveryStatus, Event
from pipeline_lib.model.observation import Observation
from pipeline_lib.publishing.s3.objects import S3Account
from pipeline_lib.settings import Settings
from pipeline_lib.specs import AlertPolicy, OneCoin, PipelineSpec, QualityLimits, Schedule, Thresholds, Window
from pipeline_lib.steps import Run, Services, send_price_alerts
from tests.fixtures.recorded import record, series_of

DATABASE_FILE = "coin_pipelines.db"
HOUR = timedelta(hours=1)
NEVER = Decimal(1000)


def observation(moment: datetime, price: Decimal) -> Observation:
    return Observation("bitcoin", "usd", moment, price, None, None, None, None, moment)


def spec_of(thresholds: Thresholds, cooldown: timedelta | None = None) -> PipelineSpec:
    return PipelineSpec(
        name="btc",
        coins=OneCoin("bitcoin"),
        vs_currency="usd",
        description="",
        schedule=Schedule("@hourly"),
        start_date=datetime.fromisoformat("2017-07-01T00:00:00Z"),
        catchup=False,
        owner="tests",
        tags=(),
        retries=0,
        retry_delay=HOUR,
        timeout=HOUR,
        windows=(Window("24h", 24 * HOUR),),
        thresholds=thresholds,
        alerts=AlertPolicy(None, None, False, cooldown, Decimal("0.7"), None, None),  # noqa: FBT003 (on_backfill)
        quality=QualityLimits(max_age=HOUR, max_jump_percent=Decimal(50)),
        s3=None,
        effective={},
    )


@dataclass
class FakeSlack:
    """Takes messages, or fails as often as it is told to."""

    failures: int = 0
    taken: list[Mapping[str, Any]] = field(default_factory=list)

    def take(self, message: Mapping[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise SlackUnavailableError("no answer")
        self.taken.append(message)


@dataclass(frozen=True, slots=True)
class _FakeWebhook(SlackWebhook):
    slack: FakeSlack = field(default_factory=FakeSlack)

    def deliver(self, message: Mapping[str, Any]) -> None:
        self.slack.take(message)


@dataclass(frozen=True, slots=True)
class FakeServices(Services):
    """Reaches a Slack of this process."""

    slack: FakeSlack = field(default_factory=FakeSlack)

    def open_slack(self, webhook: Secret) -> SlackWebhook:
        return _FakeWebhook(webhook, slack=self.slack)


@dataclass
class Replay:
    """One pipeline whose observations come as its runs come; all that it remembers lies in its database.

    Attributes:
        spec: The pipeline.
        folder: Holds the database and nothing else.
        prices: By the moments of runs.
    """

    spec: PipelineSpec
    folder: Path
    prices: Mapping[datetime, Decimal]
    slack: FakeSlack = field(default_factory=FakeSlack)
    fetched: set[datetime] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Connect to nothing yet."""
        environment = {
            "DATABASE_URL": f"sqlite:///{self.folder / DATABASE_FILE}",
            "SLACK_WEBHOOK_URL": "https://hooks.example/services/T/B/x",
        }
        self.settings = Settings.from_environment(environment, project_folder=self.folder)
        self.database = PreparedDatabase(self.settings.database_url)

    def run(self, moment: datetime) -> None:
        """One try of a run: the observation, if it is new, then the alert."""
        if moment not in self.fetched:
            with self.database.writing() as connection:
                record(connection, [observation(moment, self.prices[moment])])
            self.fetched.add(moment)
        send_price_alerts(self.spec, Run(moment), self._services(moment))

    def attempt(self, moment: datetime) -> bool:
        """The same; whether it succeeded."""
        try:
            self.run(moment)
        except SlackUnavailableError:
            return False
        return True

    def delivered(self) -> Sequence[Event]:
        """What the messages that Slack took are about, by the record; as many messages as it took."""
        with self.database.reading() as connection:
            query = select(messages.c.payload).where(messages.c.status == "delivered")
            assert [json.loads(payload) for payload in connection.scalars(query)] == self.slack.taken
            recorded = events.read_since(connection, series_of(connection).id, BEGINNING)
        self.database.close()
        # What a late observation made untrue before it was delivered is left to expire.
        left = {DeliveryStatus.UNDELIVERED, DeliveryStatus.EXPIRED}
        assert {each.status for each in recorded} <= {DeliveryStatus.DELIVERED, *left}
        return [each.event for each in recorded if each.status is DeliveryStatus.DELIVERED]

    def _services(self, moment: datetime) -> Services:
        return FakeServices(
            self.settings,
            self.database,
            lambda: self.settings.slack_webhook_url,
            S3Account.from_environment,
            lambda: moment,
            slack=self.slack,
        )
