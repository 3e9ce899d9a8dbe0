"""The events that backfilled observations bring about: they alert nobody, now or later."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from pipeline_lib.alerts.evaluation import evaluate
from pipeline_lib.alerts.series import RecordedSeries
from pipeline_lib.database.observations import ArrivedMoment
from pipeline_lib.model.events import Event, EventKey


def backfilled_events(
    events: Sequence[Event], series: RecordedSeries, run_moment: datetime, order: Sequence[ArrivedMoment]
) -> Iterator[Event]:
    """The events that wouldn't have happened without a backfilled observation that came after their own.

    Args:
        events: Those in question: nothing is recorded of them yet.
        series: Their series.
        run_moment: Of the run that evaluated them (UTC).
        order: In which order the series' observations came, as far back as rules look.
    """
    by_moment = {each.moment: each for each in order}
    known: dict[frozenset[datetime], Collection[EventKey]] = {}
    for event in events:
        own = by_moment[event.moment]
        later = frozenset(each.moment for each in order if each.is_silent and each.arrival > own.arrival)
        if own.is_silent:
            yield event
        elif later:
            if later not in known:
                without = evaluate(series.without(later), run_moment)
                known[later] = {each.key for each in without.events}
            if event.key not in known[later]:
                yield event
