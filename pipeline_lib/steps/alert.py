"""The step that sends price alerts: one for each episode when it begins, grows, lasts and ends."""

from collections.abc import Sequence
from datetime import datetime

from pipeline_lib.alerts.backfill import backfilled_events
from pipeline_lib.alerts.channel import Channel, grouping_seconds, outbox_of
from pipeline_lib.alerts.context import alert_context
from pipeline_lib.alerts.delivery import deliver
from pipeline_lib.alerts.evaluation import ALLOWED_LATENESS, Evaluation, History, evaluate
from pipeline_lib.alerts.messages.composing import announce
from pipeline_lib.alerts.messages.wording import duration, measure
from pipeline_lib.alerts.pending import LONGEST_PENDING, select_pending
from pipeline_lib.archive.snapshots import read_snapshot
from pipeline_lib.model.events import Event
from pipeline_lib.model.observation import Observation
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.settings import WEBHOOK_VARIABLE
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.state.alert_records import (
    AlertRecord,
    AlertRecords,
    DeliveryStatus,
    delivered_events,
    settled_keys,
)


def send_price_alerts(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Deliver the events of the run's observation, and those that earlier runs failed to deliver; each once.

    Args:
        spec: The pipeline.
        run: Its run.
        services: Reaches Slack.

    Raises:
        AlertError: The message wasn't delivered.
        StoreError: The run's snapshot is missing or damaged, or the state of alerts is damaged.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    observation = read_snapshot(layout, run.moment).observation

    def history(since: datetime) -> list[Observation]:
        rows = {row.moment: row for row in raw_log.read_since(layout.raw_log, since)}
        if observation.moment >= since:
            rows[observation.moment] = observation
        return [rows[moment] for moment in sorted(rows)]

    return send_alerts_over(history, spec, run, services)


def send_alerts_over(history: History, spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Do the same over any history.

    Args:
        history: The pipeline's observations, the run's own among them.
        spec: The pipeline.
        run: Its run.
        services: Reaches Slack.

    Raises:
        AlertError: The message wasn't delivered.
        StoreError: The state of alerts is damaged.
        OSError: The disk is full or read-only.
    """
    alerts = Layout.of(spec.name, services.settings).alerts
    records = AlertRecords(alerts)

    def settle(events: Sequence[Event], status: DeliveryStatus) -> None:
        if events:
            records.add(AlertRecord(status, run.moment, services.now(), events))

    if run.is_backfill and not spec.alerts.on_backfill:
        settle(backfilled_events(spec, alerts, history, run.moment), DeliveryStatus.BACKFILLED)
        return Skipped("backfilled runs send no alerts")
    evaluation = evaluate(spec, alerts, history, run.moment)
    evaluation.keep_checkpoints()
    known = _records_of(evaluation.events, records)
    delivered = delivered_events(known)
    pending = select_pending(evaluation.events, settled_keys(known), delivered, run.moment)
    settle(pending.expired, DeliveryStatus.EXPIRED)
    if pending.events:
        outcome = _deliver(pending.events, history, spec, run, services)
    else:
        # A sender that was killed after it recorded its message has left it there.
        outbox_of(spec, services.settings.data_dir).take_out(spec.name)
        already_delivered = [event for event in delivered if event.moment == run.moment]
        outcome = Done(_describe_quiet(evaluation, already_delivered))
    return _with_expired(outcome, pending.expired)


def _deliver(
    events: Sequence[Event], history: History, spec: PipelineSpec, run: Run, services: Services
) -> Outcome:
    settings, webhook = services.settings, services.find_slack_webhook()
    if webhook is None:
        variable = spec.alerts.webhook_variable or WEBHOOK_VARIABLE
        return Skipped(f"{_list(events)}: not delivered, since {variable} is not set")
    channel = Channel(
        slack=services.open_slack(webhook),
        outbox=outbox_of(spec, settings.data_dir),
        data_dir=settings.data_dir,
        grouping_seconds=grouping_seconds(spec, settings, services.now() - run.moment),
        now=services.now,
        sleep=services.sleep,
    )
    context = alert_context(spec, history, run.moment, run_url=run.url, log_url=run.log_url)
    is_sender = deliver(events, lambda some: announce(context, some, services.now()), channel)
    return Done(f"{_list(events)}: delivered to Slack{'' if is_sender else ' together with others'}")


def _with_expired(outcome: Outcome, expired: Sequence[Event]) -> Outcome:
    if not expired:
        return outcome
    note = f"expired undelivered after {duration(LONGEST_PENDING)}: {_list(expired)}"
    match outcome:
        case Done(summary, warnings):
            return Done(f"{summary}; {note}", (*warnings, note))
        case Skipped(reason):
            return Skipped(f"{reason}; {note}")


def _records_of(events: Sequence[Event], records: AlertRecords) -> Sequence[AlertRecord]:
    # Runs record events of up to a day before; backfilled ones, of up to two days after.
    return records.since(min(event.since for event in events) - ALLOWED_LATENESS) if events else ()


def _describe_quiet(evaluation: Evaluation, already_delivered: Sequence[Event]) -> str:
    if already_delivered:
        return f"{_list(already_delivered)}: already delivered"
    if evaluation.ongoing:
        rules = ", ".join(rule.name for rule in evaluation.ongoing)
        return f"no new event of ongoing episodes: {rules}"
    return "no move reaches its threshold"


def _list(events: Sequence[Event]) -> str:
    return ", ".join(f"{measure(event)} ({event.kind.value})" for event in events)
