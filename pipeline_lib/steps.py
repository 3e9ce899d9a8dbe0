"""The five steps of a run, where market, store, analysis and alerts meet.

Each is a plain function of the pipeline, the run and the access to the world; Airflow, the command line and
tests call the same ones. A step that fails raises; a step that has nothing to do returns ``Skipped``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline_lib.alerts.messages import AbnormalMove, PriceAlert, slack_message
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.analysis.price_moves import crossed_thresholds, price_moves
from pipeline_lib.analysis.processed import price_points, processed_columns, processed_rows
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.market import CoinGecko, Transport
from pipeline_lib.observation import Observation
from pipeline_lib.outcome import Done, Outcome, Skipped
from pipeline_lib.secret import Secret
from pipeline_lib.settings import WEBHOOK_VARIABLE, Settings, read_webhook
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.store import object_keys, processed_table, raw_log
from pipeline_lib.store.delivered_alerts import record_delivery, was_delivered
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.locking import exclusive
from pipeline_lib.store.s3 import Bucket, S3Account
from pipeline_lib.store.snapshots import (
    Snapshot,
    complete_snapshot,
    find_snapshot,
    read_snapshot,
    write_snapshot,
)
from pipeline_lib.timestamps import format_moment

_CSV = "text/csv; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a pipeline.

    Attributes:
        moment: Its moment (UTC, to the second), the key of all that it writes.
        url: Its page in the Airflow UI, or None outside Airflow.
        is_backfill: Whether it fills in the past, which alerts nobody unless the spec says so.
    """

    moment: datetime
    url: str | None = None
    is_backfill: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What steps reach the world with.

    Attributes:
        settings: What the environment sets.
        find_slack_webhook: Finds where alerts go, or None; called when there is one to send.
        open_s3_account: Finds who uploads; called by the steps that do.
        now: The real clock, for the record of when something was asked.
    """

    settings: Settings
    find_slack_webhook: Callable[[], Secret | None]
    open_s3_account: Callable[[], S3Account]
    now: Callable[[], datetime]

    @classmethod
    def from_settings(cls, settings: Settings) -> "Access":
        """Access by what the environment sets alone."""
        return cls(
            settings=settings,
            find_slack_webhook=lambda: settings.slack_webhook_url,
            open_s3_account=S3Account.from_environment,
            now=lambda: datetime.now(UTC),
        )

    def for_pipeline(self, spec: PipelineSpec, environment: Mapping[str, str]) -> "Access":
        """The access of one pipeline, which may name a variable of ``environment`` as its own webhook."""
        variable = spec.slack_webhook_variable
        if variable is None:
            return self
        return replace(self, find_slack_webhook=lambda: read_webhook(environment, variable))


Step = Callable[[PipelineSpec, Run, Access], Outcome]


def fetch_and_save_price(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Take the run's observation from the market, archive it, append it to the raw log.

    When the archive holds the run's observation already, that one is used and nothing is fetched.

    Raises:
        MarketError: The market has no observation for this run.
        StoreError: The archive or the log is damaged, or busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, access.settings)
    archived = find_snapshot(layout, run.moment)
    if archived is None:
        market = CoinGecko(
            Transport(access.settings.coingecko_base_url, access.settings.coingecko_api_key), access.now
        )
        write_snapshot(
            layout, Snapshot(*market.observe(spec.coin, spec.vs_currency, run.moment, spec.max_age))
        )
        # Another process may have been first; what the archive holds is the observation.
        archived = read_snapshot(layout, run.moment)
    complete_snapshot(layout, archived.observation)
    appended = raw_log.append(layout.raw_log, archived.observation)
    return Done(f"{_describe(archived.observation)}{'' if appended else ', as archived before'}")


def send_price_alerts(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Tell Slack about the run's abnormal moves, once.

    Raises:
        AlertError: The message wasn't delivered.
        StoreError: The run's snapshot is missing or damaged.
    """
    if run.is_backfill and not spec.alert_on_backfill:
        return Skipped("backfilled runs alert nobody")
    layout = Layout.of(spec.name, access.settings)
    observation = read_snapshot(layout, run.moment).observation
    moves = price_moves(observation, _history_for_moves(observation, layout))
    crossed = crossed_thresholds(moves, spec.thresholds)
    if not crossed:
        return Done("no move reaches its threshold")
    told = ", ".join(f"{move.horizon.label} {move.change_percent:+.2f} %" for move in crossed)
    # The lock makes two processes of one run tell once.
    with exclusive(layout.alerts / "delivery"):
        if was_delivered(layout, run.moment):
            return Done(f"{told}: delivered before")
        webhook = access.find_slack_webhook()
        if webhook is None:
            variable = spec.slack_webhook_variable or WEBHOOK_VARIABLE
            return Skipped(f"{told}: not told, since {variable} is not set")
        message = slack_message(
            PriceAlert(
                pipeline=spec.name,
                coin=spec.coin,
                vs_currency=spec.vs_currency,
                price=observation.price,
                moment=run.moment,
                moves=[
                    AbnormalMove(move.horizon.label, move.change_percent, move.threshold_percent)
                    for move in crossed
                ],
                run_url=run.url,
            )
        )
        SlackWebhook(webhook).deliver(message)
        record_delivery(layout, run.moment, message)
    return Done(f"{told}: told Slack")


def compute_moving_average(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Make the processed table from the raw log: moves and rolling statistics of every moment.

    Raises:
        StoreError: The raw log is damaged, or lacks the run's row, or the table is busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, access.settings)
    with exclusive(layout.processed_table):
        observations = raw_log.read(layout.raw_log)
        if all(row.moment != run.moment for row in observations):
            raise TableDamagedError(
                layout.raw_log,
                len(observations) + 1,
                f"no row of {format_moment(run.moment)}",
                hint="run the fetch step for this moment",
            )
        rows = list(processed_rows(observations, spec.windows))
        changed = processed_table.write(layout.processed_table, processed_columns(spec.windows), rows)
    last = max(row.moment for row in observations)
    state = "" if changed else ", unchanged"
    return Done(f"{len(rows)} rows up to {format_moment(last)}{state}")


def upload_raw_to_s3(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Publish the run's snapshot, which never changes on S3 either, and the whole raw log.

    Raises:
        StoreError: S3 refuses or is away, or the snapshot is missing.
    """
    target = _upload_target(spec, access)
    if isinstance(target, Skipped):
        return target
    bucket, prefix, layout = target.bucket, target.prefix, Layout.of(spec.name, access.settings)
    complete_snapshot(layout, read_snapshot(layout, run.moment).observation)
    for path, content_type in (
        (layout.snapshot_json(run.moment), _JSON),
        (layout.snapshot_csv(run.moment), _CSV),
    ):
        key = object_keys.raw_snapshot_key(prefix, run.moment, path.suffix)
        bucket.put_immutable(key, path.read_bytes(), content_type)
    log_key = object_keys.raw_log_key(prefix, spec.name)
    bucket.put(log_key, raw_log.read_bytes(layout.raw_log), _CSV)
    return Done(f"snapshot and {bucket.location(log_key)}")


def upload_processed_csv_to_s3(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Publish the run's day of the processed table as a partition, and the whole table.

    Raises:
        StoreError: S3 refuses or is away, or the table has no row of the run's day.
    """
    target = _upload_target(spec, access)
    if isinstance(target, Skipped):
        return target
    bucket, prefix, layout = target.bucket, target.prefix, Layout.of(spec.name, access.settings)
    day = processed_table.read_day(layout.processed_table, run.moment.date())
    bucket.put(object_keys.processed_day_key(prefix, spec.name, run.moment), day, _CSV)
    table_key = object_keys.processed_table_key(prefix, spec.name)
    bucket.put(table_key, processed_table.read_bytes(layout.processed_table), _CSV)
    return Done(f"the day's partition and {bucket.location(table_key)}")


def _history_for_moves(observation: Observation, layout: Layout) -> list[PricePoint]:
    # Only a move that the source left out needs the whole log.
    if None in (observation.change_1h_percent, observation.change_24h_percent):
        return price_points(raw_log.read(layout.raw_log))
    return []


@dataclass(frozen=True, slots=True)
class _UploadTarget:
    bucket: Bucket
    prefix: str


def _upload_target(spec: PipelineSpec, access: Access) -> _UploadTarget | Skipped:
    if spec.s3 is None:
        return Skipped("the spec has no s3 section")
    name = spec.s3.bucket or access.settings.s3_bucket
    if name is None:
        return Skipped("no bucket: neither s3.bucket in the spec nor S3_BUCKET is set")
    bucket = access.open_s3_account().open_bucket(name, spec.s3.endpoint_url)
    return _UploadTarget(bucket, spec.s3.prefix) if bucket else Skipped("no AWS credentials were found")


def _describe(observation: Observation) -> str:
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{observation.coin} {price} at {format_moment(observation.moment)}"


ALL_STEPS: tuple[Step, ...] = (
    fetch_and_save_price,
    send_price_alerts,
    upload_raw_to_s3,
    compute_moving_average,
    upload_processed_csv_to_s3,
)
"""The steps of a run, in an order in which each finds the work that it needs done."""
