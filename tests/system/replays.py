"""Runs of the alert step in any order, with a Slack in this process that fails when it is told to."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.prepared import PreparedDatabase
from pipeline_lib.errors import SlackUnavailableError
from pipeline_lib.model.events import Event
from pipeline_lib.model.observation import Observation
from pipeline_lib.publishing.s3.objects import S3Account
from pipeline_lib.settings import Settings
from pipeline_lib.specs import AlertPolicy, PipelineSpec, QualityLimits, Thresholds, Window
from pipeline_lib.steps import Run, Services
from pipeline_lib.steps.alerting.alert import tell
from pipeline_lib.store.state.alert_records import AlertRecords, DeliveryStatus, delivered_events

HOUR = timedelta(hours=1)
NEVER = Decimal(1000)


def observation(moment: datetime, price: Decimal) -> Observation:
    return Observation("bitcoin", "usd", moment, price, None, None, None, None, moment)


def spec_of(thresholds: Thresholds, cooldown: timedelta | None = None) -> PipelineSpec:
    return PipelineSpec(
        name="btc",
        coin="bitcoin",
        vs_currency="usd",
        description="",
        schedule="@hourly",
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
    """One pipeline whose observations come as its runs come; all that it remembers lies on disk."""

    spec: PipelineSpec
    data: Path
    prices: Mapping[datetime, Decimal]
    slack: FakeSlack = field(default_factory=FakeSlack)
    fetched: list[Observation] = field(default_factory=list)

    def run(self, moment: datetime, *, is_backfill: bool = False) -> None:
        """One try of a run: the observation, if it is new, then the alert."""
        if all(row.moment != moment for row in self.fetched[-100:]):
            self.fetched.append(observation(moment, self.prices[moment]))
            self.fetched.sort(key=lambda row: row.moment)
        tell(self.spec, Run(moment, is_backfill=is_backfill), self._services(moment), self._since)

    def attempt(self, moment: datetime) -> bool:
        """The same; whether it succeeded."""
        try:
            self.run(moment)
        except SlackUnavailableError:
            return False
        return True

    def told(self) -> Sequence[Event]:
        """What the messages that Slack took are about, by the records; as many records as messages."""
        records = AlertRecords(self.data / "alerts" / "btc").since(min(self.prices))
        assert sum(record.message is not None for record in records) == len(self.slack.taken)
        assert {record.status for record in records} <= {DeliveryStatus.DELIVERED}
        return delivered_events(records)

    def _since(self, moment: datetime) -> Sequence[Observation]:
        return self.fetched[bisect_left(self.fetched, moment, key=lambda row: row.moment) :]

    def _services(self, moment: datetime) -> Services:
        settings = Settings.from_environment(
            {"DATA_DIR": str(self.data), "SLACK_WEBHOOK_URL": "https://hooks.example/services/T/B/x"},
            project_folder=self.data,
        )
        return FakeServices(
            settings,
            PreparedDatabase(settings.database_url),
            lambda: settings.slack_webhook_url,
            S3Account.from_environment,
            lambda: moment,
            slack=self.slack,
        )
