"""The step that sends price alerts: one for each episode when it begins, grows, lasts and ends."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline_lib.alerts.absences import read_absences
from pipeline_lib.alerts.backfill import backfilled_events
from pipeline_lib.alerts.context import alert_context, reads_from
from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.alerts.delivery.channel import Channel, channel_name, grouping_seconds
from pipeline_lib.alerts.delivery.outbox import Post
from pipeline_lib.alerts.delivery.sending import deliver
from pipeline_lib.alerts.evaluation import Evaluation, evaluate
from pipeline_lib.alerts.messages.composing import announce
from pipeline_lib.alerts.messages.wording import duration, measure
from pipeline_lib.alerts.pending import LONGEST_PENDING, Pending, select_pending
from pipeline_lib.alerts.series import ALLOWED_LATENESS, RecordedSeries, read_series
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.spans import Span
from pipeline_lib.database import observations
from pipeline_lib.database.alerting import checkpoints, events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.statistics import observed
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.events import DeliveryStatus, Event, RecordedEvent
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.settings import WEBHOOK_VARIABLE
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.exports import series_of
from pipeline_lib.steps.run import Run, Services

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SECOND = timedelta(seconds=1)
# The lookback of the rules on moves, and the days before a checkpoint.
_LONGEST_ABSENCE = timedelta(days=5)
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """A series with what its rules say.

    Attributes:
        series: The series around the run.
        evaluation: What the rules say.
        is_waiting: Whether a sender that died may have left something in the outbox.
    """

    series: RecordedSeries
    evaluation: Evaluation
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class _Findings:
    """What a run has to do about one series, by what the database knows.

    Attributes:
        series: The series around the run.
        evaluation: What the rules say.
        backfilled: Events that a backfilled observation brought about.
        pending: Events that are to be delivered, and those that expired.
        delivered: Events of the run's moment that are delivered already.
        is_waiting: Whether a sender that died may have left something in the outbox.
    """

    series: RecordedSeries
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
    """Deliver the events of the run's observations, and those that earlier runs failed to deliver; each once.

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
    busy = [key for key, each in found.items() if not each.is_quiet]
    if busy:
        with services.database.writing() as connection:
            events.lock(connection, busy)
            # Another run may have written since.
            coins = {found[key].series.spec.coin for key in busy}
            found = {**found, **_find(connection, spec, run, coins)}
            _write_down(connection, {key: found[key] for key in busy}, run, services)
    if _is_silent(spec, run):
        return Skipped("backfilled runs send no alerts")
    has_pending = any(each.pending.events for each in found.values())
    quiet = Done(_describe_quiet(spec, found))
    outcome = _deliver(found, spec, run, services) if has_pending else quiet
    return _with_expired(outcome, _list(spec, found, lambda each: each.pending.expired))


def _find(
    connection: "Connection", spec: PipelineSpec, run: Run, coins: Collection[str] | None = None
) -> dict[int, _Findings]:
    """What there is to do about each series that has an observation of the run, by its key.

    Args:
        connection: A transaction.
        spec: The pipeline.
        run: Its run.
        coins: Those of its coins that are looked at; None for all.
    """
    listed = [each for each in series_of(connection, spec) if coins is None or each.coin in coins]
    with_price = observations.find_observed(connection, [each.id for each in listed], run.moment)
    present = [each for each in listed if each.id in with_price]
    if not present:
        raise ObservationMissingError(spec.name, run.moment)
    around = Span(run.moment - _LONGEST_ABSENCE, run.moment + ALLOWED_LATENESS)
    absences = read_absences(connection, spec, present, around)
    specs = {each.id: spec.of_coin(each.coin) for each in present}
    recorded = read_series(connection, specs, run.moment, absences)
    evaluations = {key: evaluate(each, run.moment) for key, each in recorded.items()}
    since = {
        key: min(event.since for event in each.events) for key, each in evaluations.items() if each.events
    }
    events_before = events.read_all_since(connection, since)
    waiting = frozenset() if _is_silent(spec, run) else messages.find_waiting(connection, with_price)
    return {
        key: _findings(
            connection,
            spec,
            run,
            _Evaluated(each, evaluations[key], key in waiting),
            events_before.get(key, ()),
        )
        for key, each in recorded.items()
    }


def _findings(
    connection: "Connection",
    spec: PipelineSpec,
    run: Run,
    found: _Evaluated,
    recorded: Sequence[RecordedEvent],
) -> _Findings:
    series, evaluation = found.series, found.evaluation
    known = {each.event.key for each in recorded}
    new = [event for event in evaluation.events if event.key not in known]
    backfilled = _backfilled(connection, new, spec, series, run) if new else []
    settled = {each.event.key for each in recorded if not each.status.is_open}
    delivered = [each.event for each in recorded if each.status.counts_as_delivered]
    pending = Pending((), ())
    if not _is_silent(spec, run):
        settled |= {event.key for event in backfilled}
        pending = select_pending(evaluation.events, settled, delivered, run.moment)
    return _Findings(
        series=series,
        evaluation=evaluation,
        backfilled=backfilled,
        pending=pending,
        delivered=[event for event in delivered if event.moment == run.moment],
        is_waiting=found.is_waiting,
    )


def _backfilled(
    connection: "Connection", new: Sequence[Event], spec: PipelineSpec, series: RecordedSeries, run: Run
) -> Sequence[Event]:
    order = [
        # A run that is backfilled over a recorded observation alerts nobody either.
        replace(each, is_silent=True) if _is_silent(spec, run) and each.moment == run.moment else each
        for each in observations.read_order(connection, series.id, series.reads_from)
    ]
    if not any(each.is_silent for each in order):
        return ()
    return list(backfilled_events(new, series, run.moment, order))


def _is_silent(spec: PipelineSpec, run: Run) -> bool:
    return run.is_backfill and not spec.alerts.on_backfill


def _write_down(
    connection: "Connection", found: Mapping[int, _Findings], run: Run, services: Services
) -> None:
    now = services.now()
    checkpoints.save_all(
        connection, [kept for each in found.values() for kept in each.evaluation.checkpoints]
    )
    expired = Settlement(DeliveryStatus.EXPIRED, now)
    for key, each in found.items():
        events.settle(connection, key, each.backfilled, Settlement(DeliveryStatus.BACKFILLED, now))
        events.settle(connection, key, each.pending.expired, expired)
    # What observations that came late made untrue isn't sent, and isn't pending for ever.
    events.settle_open(connection, found, run.moment - LONGEST_PENDING - _SECOND, expired)
    for key, each in found.items():
        events.add_pending(connection, key, each.pending.events, now)
    done = [key for key, each in found.items() if each.is_waiting and not each.pending.events]
    if done:
        messages.take_out(connection, done)


def _deliver(found: Mapping[int, _Findings], spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    webhook, listed = services.find_slack_webhook(), _list(spec, found, lambda each: each.pending.events)
    if webhook is None:
        variable = spec.alerts.webhook_variable or WEBHOOK_VARIABLE
        return Skipped(f"{listed}: not delivered, since {variable} is not set")
    channel = _open_channel(webhook, spec, run, services)
    is_sender = deliver(_put(found, spec, run, services), channel)
    return Done(f"{listed}: delivered to Slack{'' if is_sender else ' together with others'}")


def _put(found: Mapping[int, _Findings], spec: PipelineSpec, run: Run, services: Services) -> Post:
    pending = {key: each for key, each in found.items() if each.pending.events}
    with services.database.reading() as connection:
        begins = reads_from(spec.windows, run.moment)
        prices = observed.read_prices(connection, pending, begins, run.moment)
        messages_before = messages.newest(connection)
    contexts = {
        key: alert_context(each.series.spec, prices[key], run_url=run.url, log_url=run.log_url)
        for key, each in pending.items()
    }
    now = services.now()
    post = Post(
        channel=channel_name(spec),
        series_ids=frozenset(pending),
        run_moment=run.moment,
        compose=lambda key, some: announce(contexts[key], some, now),
        messages_before=messages_before,
    )
    since = {key: min(event.since for event in each.pending.events) for key, each in pending.items()}
    with services.database.writing() as connection:
        recorded = events.read_all_since(connection, since)
        outbox.put(
            connection,
            post,
            {
                key: [
                    each
                    for each in recorded.get(key, ())
                    if each.event.key in {event.key for event in one.pending.events}
                ]
                for key, one in pending.items()
            },
        )
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


def _with_expired(outcome: Outcome, expired: str) -> Outcome:
    if not expired:
        return outcome
    note = f"expired undelivered after {duration(LONGEST_PENDING)}: {expired}"
    match outcome:
        case Done(summary, warnings):
            return Done(f"{summary}; {note}", (*warnings, note))
        case Skipped(reason):
            return Skipped(f"{reason}; {note}")


def _describe_quiet(spec: PipelineSpec, found: Mapping[int, _Findings]) -> str:
    if any(each.delivered for each in found.values()):
        return f"{_list(spec, found, lambda each: each.delivered)}: already delivered"
    ongoing = {rule.name: None for each in found.values() for rule in each.evaluation.ongoing}
    if ongoing:
        return f"no new event of ongoing episodes: {', '.join(ongoing)}"
    return "no move reaches its threshold"


def _list(
    spec: PipelineSpec, found: Mapping[int, _Findings], select: Callable[[_Findings], Sequence[Event]]
) -> str:
    """Events of the series, for people; of several coins each with its coin."""
    listed = [
        f"{measure(event)} ({event.kind.value})" if spec.has_one_coin else _describe_of_coin(each, event)
        for each in found.values()
        for event in select(each)
    ]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED] + ([f"and {more} more"] if more > 0 else []))


def _describe_of_coin(found: _Findings, event: Event) -> str:
    return f"{found.series.spec.coin} {measure(event)} ({event.kind.value})"
