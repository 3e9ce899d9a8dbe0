"""The step that sends price alerts: one for each episode when it begins, grows, lasts and ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline_lib.alerts.backfill import backfilled_events
from pipeline_lib.alerts.context import alert_context
from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.alerts.delivery.channel import Channel, channel_name, grouping_seconds
from pipeline_lib.alerts.delivery.outbox import Post
from pipeline_lib.alerts.delivery.sending import deliver
from pipeline_lib.alerts.evaluation import Evaluation, evaluate
from pipeline_lib.alerts.messages.composing import announce
from pipeline_lib.alerts.messages.wording import duration, measure
from pipeline_lib.alerts.pending import LONGEST_PENDING, Pending, select_pending
from pipeline_lib.alerts.series import RecordedSeries
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import observations
from pipeline_lib.database.alerting import events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.events import DeliveryStatus, Event, RecordedEvent
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.settings import WEBHOOK_VARIABLE
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Findings:
    """What a run has to do, by what the database knows.

    Attributes:
        series_id: Key of the run's series.
        evaluation: What the rules say.
        backfilled: Events that a backfilled observation brought about.
        pending: Events that are to be delivered, and those that expired.
        delivered: Events of the run's moment that are delivered already.
        is_waiting: Whether a sender that died may have left something in the outbox.
    """

    series_id: int
    evaluation: Evaluation
    backfilled: Sequence[Event]
    pending: Pending
    delivered: Sequence[Event]
    is_waiting: bool

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to write down."""
        return not (
            self.evaluation.checkpoints
            or self.backfilled
            or self.pending.events
            or self.pending.expired
            or self.is_waiting
        )


def send_price_alerts(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Deliver the events of the run's observation, and those that earlier runs failed to deliver; each once.

    Args:
        spec: The pipeline.
        run: Its run.
        services: Reaches Slack.

    Raises:
        WaitNeededError: It is to be run again later.
        AlertError: The message wasn't delivered, or nobody knows whether it was.
        ObservationMissingError: The run has no observation.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    with services.database.reading() as connection:
        found = _find(connection, spec, run)
    if not found.is_quiet:
        with services.database.writing() as connection:
            events.lock(connection, [found.series_id])
            # Another run may have written since.
            found = _find(connection, spec, run)
            _write_down(connection, found, run, services)
    if _is_silent(spec, run):
        return Skipped("backfilled runs send no alerts")
    quiet = Done(_describe_quiet(found))
    outcome = _deliver(found, spec, run, services) if found.pending.events else quiet
    return _with_expired(outcome, found.pending.expired)


def _find(connection: "Connection", spec: PipelineSpec, run: Run) -> _Findings:
    series_id = find_series_id(connection, spec.name, spec.coin, spec.vs_currency)
    if series_id is None or observations.find(connection, series_id, run.moment) is None:
        raise ObservationMissingError(spec.name, run.moment)
    series = RecordedSeries(connection, series_id)
    evaluation = evaluate(spec, series, run.moment)
    recorded = _recorded_since_first(connection, series_id, evaluation.events)
    known = {each.event.key for each in recorded}
    new = [event for event in evaluation.events if event.key not in known]
    backfilled = _backfilled(new, spec, series, run, evaluation) if new else []
    settled = {each.event.key for each in recorded if not each.status.is_open}
    delivered = [each.event for each in recorded if each.status.counts_as_delivered]
    pending = Pending((), ())
    if not _is_silent(spec, run):
        settled |= {event.key for event in backfilled}
        pending = select_pending(evaluation.events, settled, delivered, run.moment)
    return _Findings(
        series_id=series_id,
        evaluation=evaluation,
        backfilled=backfilled,
        pending=pending,
        delivered=[event for event in delivered if event.moment == run.moment],
        is_waiting=not _is_silent(spec, run) and messages.waits(connection, series_id),
    )


def _recorded_since_first(
    connection: "Connection", series_id: int, evaluated: Sequence[Event]
) -> Sequence[RecordedEvent]:
    if not evaluated:
        return ()
    return events.read_since(connection, series_id, min(event.since for event in evaluated))


def _backfilled(
    new: Sequence[Event], spec: PipelineSpec, series: RecordedSeries, run: Run, evaluation: Evaluation
) -> Sequence[Event]:
    order = [
        # A run that is backfilled over a recorded observation alerts nobody either.
        replace(each, is_silent=True) if _is_silent(spec, run) and each.moment == run.moment else each
        for each in observations.read_order(series.connection, series.id, evaluation.reads_from)
    ]
    if not any(each.is_silent for each in order):
        return ()
    return list(backfilled_events(new, spec, series, run.moment, order))


def _is_silent(spec: PipelineSpec, run: Run) -> bool:
    return run.is_backfill and not spec.alerts.on_backfill


def _write_down(connection: "Connection", found: _Findings, run: Run, services: Services) -> None:
    now, series_id = services.now(), found.series_id
    found.evaluation.keep_checkpoints(connection)
    events.settle(connection, series_id, found.backfilled, Settlement(DeliveryStatus.BACKFILLED, now))
    expired = Settlement(DeliveryStatus.EXPIRED, now)
    events.settle(connection, series_id, found.pending.expired, expired)
    # What observations that came late made untrue isn't sent, and isn't pending for ever.
    events.settle_open(connection, series_id, run.moment - LONGEST_PENDING - _SECOND, expired)
    events.add_pending(connection, series_id, found.pending.events, now)
    if found.is_waiting and not found.pending.events:
        messages.take_out(connection, series_id)


def _deliver(found: _Findings, spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    webhook, listed = services.find_slack_webhook(), _list(found.pending.events)
    if webhook is None:
        variable = spec.alerts.webhook_variable or WEBHOOK_VARIABLE
        return Skipped(f"{listed}: not delivered, since {variable} is not set")
    channel = _open_channel(webhook, spec, run, services)
    is_sender = deliver(_put(found, spec, run, services), channel)
    return Done(f"{listed}: delivered to Slack{'' if is_sender else ' together with others'}")


def _put(found: _Findings, spec: PipelineSpec, run: Run, services: Services) -> Post:
    with services.database.reading() as connection:
        series = RecordedSeries(connection, found.series_id)
        context = alert_context(spec, series, run.moment, run_url=run.url, log_url=run.log_url)
        messages_before = messages.newest(connection)
    now = services.now()
    post = Post(
        channel=channel_name(spec),
        series_id=found.series_id,
        run_moment=run.moment,
        compose=lambda some: announce(context, some, now),
        messages_before=messages_before,
    )
    keys = {event.key for event in found.pending.events}
    with services.database.writing() as connection:
        recorded = _recorded_since_first(connection, found.series_id, found.pending.events)
        outbox.put(connection, post, [each for each in recorded if each.event.key in keys])
    return post


def _open_channel(webhook: Secret, spec: PipelineSpec, run: Run, services: Services) -> Channel:
    return Channel(
        name=channel_name(spec),
        slack=services.open_slack(webhook),
        database=services.database,
        grouping_seconds=grouping_seconds(spec, services.settings, services.now() - run.moment),
        now=services.now,
        wait=services.wait,
    )


def _with_expired(outcome: Outcome, expired: Sequence[Event]) -> Outcome:
    if not expired:
        return outcome
    note = f"expired undelivered after {duration(LONGEST_PENDING)}: {_list(expired)}"
    match outcome:
        case Done(summary, warnings):
            return Done(f"{summary}; {note}", (*warnings, note))
        case Skipped(reason):
            return Skipped(f"{reason}; {note}")


def _describe_quiet(found: _Findings) -> str:
    if found.delivered:
        return f"{_list(found.delivered)}: already delivered"
    if found.evaluation.ongoing:
        rules = ", ".join(rule.name for rule in found.evaluation.ongoing)
        return f"no new event of ongoing episodes: {rules}"
    return "no move reaches its threshold"


def _list(listed: Sequence[Event]) -> str:
    return ", ".join(f"{measure(event)} ({event.kind.value})" for event in listed)
