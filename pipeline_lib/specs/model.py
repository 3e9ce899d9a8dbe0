"""What a valid spec says, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from pipeline_lib.specs.schedules.schedule import Schedule

DAG_ID_SUFFIX = "_data_pipeline"


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window by time, or by the number of its observations.

    Attributes:
        label: The suffix of the window's columns: ``24h`` as the spec writes it, ``20_rows`` for 20.
        span: How far the window reaches back from its last point, in time or in observations.
    """

    label: str
    span: timedelta | int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Price moves that alert, in percent, in either direction."""

    move_1h_percent: Decimal
    move_24h_percent: Decimal


@dataclass(frozen=True, slots=True)
class DeviationRule:
    """An alert on a price far from a window's own centre.

    Attributes:
        window: One of the pipeline's windows; what lies in it before the price is the baseline.
        limit: How many deviations from the centre alert, in either direction.
        minimum_percent: Distance from the centre, in percent of it, below which nothing alerts: a
            stablecoin's noise is many deviations of nearly nothing.
    """

    window: Window
    limit: Decimal
    minimum_percent: Decimal


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """What alerts beside the thresholds, how often, and how it reaches people.

    Attributes:
        connection: Airflow connection with the webhook, or None for an environment variable.
        webhook_variable: That variable, or None for ``SLACK_WEBHOOK_URL``.
        on_backfill: Whether backfilled runs alert.
        cooldown: How long an episode is silent before a reminder, or None for as long as it lasts.
        clear_level: The part of its threshold that a move must fall below to be over.
        z_score: Alerts on the distance from the mean in standard deviations, or None.
        robust_z_score: Alerts on the distance from the median in scaled median absolute deviations, or None.
    """

    connection: str | None
    webhook_variable: str | None
    on_backfill: bool
    cooldown: timedelta | None
    clear_level: Decimal
    z_score: DeviationRule | None
    robust_z_score: DeviationRule | None


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What a price must satisfy to become an observation.

    Attributes:
        max_age: How far its own time may lie from the run's moment.
        max_jump_percent: The move since the observation before it, in percent and in either direction, beyond
            which it must be confirmed.
    """

    max_age: timedelta
    max_jump_percent: Decimal


class S3Layout(Enum):
    """Which objects a pipeline has on S3."""

    COMPLETE = "complete"
    """Partitions by date and hour, and beside them the whole raw log and the whole processed table."""
    PARTITIONS = "partitions"
    """Partitions alone: a run publishes as much after ten years as on the first day."""


@dataclass(frozen=True, slots=True)
class S3Target:
    """Where a pipeline publishes.

    Attributes:
        bucket: The bucket, or None to take ``S3_BUCKET``.
        prefix: Folder of the pipeline's objects, without slashes at its ends.
        endpoint_url: An S3-compatible store, or None for the AWS chain's own.
        connection: Airflow connection with the credentials, or None for the AWS chain.
        layout: Which objects there are.
        encryption: Server-side encryption, ``AES256`` or ``aws:kms``, or None for the bucket's own.
        kms_key_id: Key of ``aws:kms``, or None for the account's default key.
        storage_class: Such as ``STANDARD_IA``, or None for the bucket's own.
    """

    bucket: str | None
    prefix: str
    endpoint_url: str | None = None
    connection: str | None = None
    layout: S3Layout = S3Layout.COMPLETE
    encryption: str | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class OneCoin:
    """The coin of a pipeline that has one."""

    coin: str

    @property
    def named(self) -> tuple[str, ...]:
        """The coins that the spec names."""
        return (self.coin,)


@dataclass(frozen=True, slots=True)
class NamedCoins:
    """The coins of a pipeline that has several: CoinGecko ids, as the spec lists them."""

    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopCoins:
    """The coins of the greatest market caps, whichever these are at a moment.

    Attributes:
        count: How many.
        first: Rank of the first of them, from 1.
    """

    count: int
    first: int = 1

    @property
    def named(self) -> tuple[str, ...]:
        """None: the market says which they are."""
        return ()


Coins: TypeAlias = OneCoin | NamedCoins | TopCoins
"""Which coins a pipeline observes."""


@dataclass(frozen=True, slots=True)
class CoinLimits:
    """What may differ from coin to coin: when its moves alert, and what its prices must satisfy."""

    thresholds: Thresholds
    alerts: AlertPolicy
    quality: QualityLimits


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """One coin of a pipeline, as rules and checks look at it.

    Attributes:
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        schedule: Of the pipeline.
        windows: Rolling windows, those of each kind from short to long.
        thresholds: Price moves that alert.
        alerts: What else alerts, and how often.
        quality: What a price must satisfy.
    """

    pipeline: str
    coin: str
    vs_currency: str
    schedule: Schedule
    windows: tuple[Window, ...]
    thresholds: Thresholds
    alerts: AlertPolicy
    quality: QualityLimits


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """One pipeline, complete: the spec with all defaults filled in.

    Attributes:
        name: The file's stem; names DAG, files and S3 objects.
        coins: Which coins it observes.
        vs_currency: The currency that prices are in.
        description: One line for people.
        schedule: When runs start, in its time zone.
        start_date: First moment that runs may belong to: midnight in the schedule's time zone (UTC).
        catchup: Whether Airflow makes up for the runs since ``start_date`` that haven't been.
        owner: Who answers for the pipeline.
        tags: For filtering in the UI.
        retries: How often a failed task is tried again.
        retry_delay: Wait before the first retry.
        timeout: Longest time that one try of a task may take.
        windows: Rolling windows, those of each kind from short to long.
        thresholds: Price moves that alert.
        alerts: What else alerts, how often, and how it reaches people.
        quality: What a price must satisfy.
        s3: Where to publish, or None to stay on disk.
        effective: The whole spec as plain data, for people to read.
        limits: What is different for some coins, by CoinGecko id.
    """

    name: str
    coins: Coins
    vs_currency: str
    description: str
    schedule: Schedule
    start_date: datetime
    catchup: bool
    owner: str
    tags: tuple[str, ...]
    retries: int
    retry_delay: timedelta
    timeout: timedelta
    windows: tuple[Window, ...]
    thresholds: Thresholds
    alerts: AlertPolicy
    quality: QualityLimits
    s3: S3Target | None
    effective: Mapping[str, Any]
    limits: Mapping[str, CoinLimits] = field(default_factory=dict)

    @property
    def has_one_coin(self) -> bool:
        """Whether it observes one coin, and keeps files of one coin."""
        return isinstance(self.coins, OneCoin)

    def covers(self, coin: str, vs_currency: str) -> bool:
        """Whether a series is of its currency, and of one of its coins, or may be by market cap.

        Args:
            coin: CoinGecko id.
            vs_currency: The currency that prices are in.
        """
        is_by_rank = isinstance(self.coins, TopCoins)
        return vs_currency == self.vs_currency and (is_by_rank or coin in self.coins.named)

    def of_coin(self, coin: str) -> SeriesSpec:
        """What holds for one of its coins."""
        own = self.limits.get(coin) or CoinLimits(self.thresholds, self.alerts, self.quality)
        return SeriesSpec(
            pipeline=self.name,
            coin=coin,
            vs_currency=self.vs_currency,
            schedule=self.schedule,
            windows=self.windows,
            thresholds=own.thresholds,
            alerts=own.alerts,
            quality=own.quality,
        )

    @property
    def dag_id(self) -> str:
        """``bitcoin`` → ``bitcoin_data_pipeline``."""
        return self.name + DAG_ID_SUFFIX


def pipeline_name(dag_id: str) -> str | None:
    """The pipeline that a DAG id belongs to, or None when it is no pipeline's."""
    name = dag_id.removesuffix(DAG_ID_SUFFIX)
    return name if name and name != dag_id else None
