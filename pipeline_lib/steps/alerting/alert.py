"""The step that tells people about abnormal moves: each episode when it begins, grows, lasts and ends."""

from collections.abc import Sequence
from datetime import datetime

from pipeline_lib.alerts.messages.composing import LATE_FROM, announce
from pipeline_lib.alerts.messages.wording import measure
from pipeline_lib.alerts.pending import Pending, select_pending
from pipeline_lib.archive.snapshots import read_snapshot
from pipeline_lib.model.events import Event
from pipeline_lib.model.observation import Observation
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.settings import WEBHOOK_VARIABLE
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.alerting.alert_context import alert_context
from pipeline_lib.steps.alerting.delivery import Channel, deliver
from pipeline_lib.steps.alerting.evaluation import ALLOWED_LATENESS, Evaluation, History, evaluate
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.state.alert_records import (
    AlertRecord,
    AlertRecords,
    DeliveryStatus,
    delivered_events,
    settled_keys,
)
from pipeline_lib.store.state.outbox import Outbox


def send_price_alerts(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Tell Slack what the run's observation brings about, and what earlier runs failed to tell; each once.

    Raises:
        AlertError: The message wasn't delivered.
        StoreError: The run's snapshot is missing or damaged, or what alerts remember is.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    observation = read_snapshot(layout, run.moment).observation

    def history(since: datetime) -> list[Observation]:
        rows = {row.moment: row for row in raw_log.read_since(layout.raw_log, since)}
        if observation.moment >= since:
            rows[observation.moment] = observation
        return [rows[moment] for moment in sorted(rows)]

    return tell(spec, run, services, history)


def tell(spec: PipelineSpec, run: Run, services: Services, history: History) -> Outcome:
    """The same over any history that holds the run's observation."""
    alerts = Layout.of(spec.name, services.settings).alerts
    records = AlertRecords(alerts)
    if run.is_backfill and not spec.alerts.on_backfill:
        _settle_backfilled(spec, run, services, history)
        return Skipped("backfilled runs alert nobody")
    evaluation = evaluate(spec, alerts, history, run.moment)
    evaluation.keep_checkpoints()
    pending, delivered_before = _pending(evaluation.events, records, run.moment)
    _settle(pending.expired, DeliveryStatus.EXPIRED, records, run, services)
    unsaid = f"; expired untold: {_list(pending.expired)}" if pending.expired else ""
    warnings = (f"nobody could be told for a day: {_list(pending.expired)}",) if pending.expired else ()
    outbox = Outbox.of(services.settings.data_dir, _channel_name(spec))
    if not pending.events:
        # A sender that was killed once its message was recorded has left it there.
        outbox.take_out(spec.name)
        return Done(f"{_describe_quiet(evaluation, delivered_before)}{unsaid}", warnings)
    webhook = services.find_slack_webhook()
    if webhook is None:
        variable = spec.alerts.webhook_variable or WEBHOOK_VARIABLE
        return Skipped(f"{_list(pending.events)}: not told, since {variable} is not set{unsaid}")
    channel = Channel(
        outbox=outbox,
        webhook=webhook,
        grouping_seconds=_grouping_seconds(spec, run, services),
    )
    market = alert_context(spec, run, history)
    sent = deliver(pending.events, lambda events: announce(market, events, services.now()), channel, services)
    return Done(
        f"{_list(pending.events)}: told Slack{'' if sent else ' together with others'}{unsaid}", warnings
    )


def _pending(events: Sequence[Event], records: AlertRecords, moment: datetime) -> tuple[Pending, list[Event]]:
    """What is due, and what of the run's own moment was told before."""
    if not events:
        return Pending((), ()), []
    # Runs record events of up to a day before; backfilled ones, of up to two days after.
    known = records.since(min(event.since for event in events) - ALLOWED_LATENESS)
    told = delivered_events(known)
    pending = select_pending(events, settled_keys(known), told, moment)
    return pending, [event for event in told if event.moment == moment]


def _settle_backfilled(spec: PipelineSpec, run: Run, services: Services, history: History) -> None:
    """Record what came about by the run's observation alone, so that no later run tells it."""

    def history_without_it(since: datetime) -> list[Observation]:
        return [row for row in history(since) if row.moment != run.moment]

    alerts = Layout.of(spec.name, services.settings).alerts
    without = evaluate(spec, alerts, history_without_it, run.moment).events
    keys = {event.key for event in without}
    events = evaluate(spec, alerts, history, run.moment).events
    settled = (
        settled_keys(AlertRecords(alerts).since(run.moment - ALLOWED_LATENESS)) if events else frozenset()
    )
    consequences = [
        event
        for event in events
        if event.moment >= run.moment and event.key not in keys and event.key not in settled
    ]
    _settle(consequences, DeliveryStatus.BACKFILLED, AlertRecords(alerts), run, services)


def _settle(
    events: Sequence[Event], status: DeliveryStatus, records: AlertRecords, run: Run, services: Services
) -> None:
    if events:
        records.add(AlertRecord(status, run.moment, services.now(), events))


def _grouping_seconds(spec: PipelineSpec, run: Run, services: Services) -> float:
    """How long to wait for other pipelines; a run that is alone, or late, has nobody to wait for."""
    is_late = services.now() - run.moment > LATE_FROM
    is_alone = not set(Catalog(services.settings.dag_configs_dir).names()) - {spec.name}
    return 0 if is_late or is_alone else services.settings.alert_grouping_seconds


def _channel_name(spec: PipelineSpec) -> str:
    connection = spec.alerts.connection
    # A connection's name may begin with a dot, or be that of a variable.
    return f"connection-{connection}" if connection else spec.alerts.webhook_variable or WEBHOOK_VARIABLE


def _describe_quiet(evaluation: Evaluation, delivered_before: Sequence[Event]) -> str:
    if delivered_before:
        return f"{_list(delivered_before)}: delivered before"
    if evaluation.ongoing:
        rules = ", ".join(rule.name for rule in evaluation.ongoing)
        return f"nothing new to tell of what goes on: {rules}"
    return "no move reaches its threshold"


def _list(events: Sequence[Event]) -> str:
    return ", ".join(f"{measure(event)} ({event.kind.value})" for event in events)
