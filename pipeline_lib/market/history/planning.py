"""Which ranges of CoinGecko's history a series of runs will ask for, before the first of them does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryReachError
from pipeline_lib.market.history.ranges import answer_needed, range_needed, range_to_ask
from pipeline_lib.model.answers import AnsweredRange


@dataclass(frozen=True, slots=True)
class HistoryTerms:
    """What decides whether a moment needs a call.

    Attributes:
        now: When the runs begin, by the real clock (UTC, to the second).
        earliest: Where the plan's history begins (UTC).
        shared_from: From when on an answer is as good as a new one (UTC).
        tolerance: How long before its moment a point may lie.
        most_answers: How many answers are kept.
    """

    now: datetime
    earliest: datetime
    shared_from: datetime
    tolerance: timedelta
    most_answers: int


@dataclass(slots=True)
class PlannedCalls:
    """The calls for one coin in one currency, whichever pipelines make them.

    Attributes:
        terms: What decides whether a moment needs one.
        at_hand: The ranges that are answered by then, the newest first.
    """

    terms: HistoryTerms
    at_hand: Sequence[AnsweredRange]

    def add(self, moment: datetime) -> bool:
        """Go on to a moment; whether its price takes a call.

        Args:
            moment: The next moment without a price (UTC).

        Raises:
            HistoryReachError: No answer at hand has it, and the plan doesn't reach back to it.
        """
        terms = self.terms
        needed = answer_needed(moment, terms.tolerance, terms.earliest, terms.shared_from)
        if any(map(needed.is_met_by, self.at_hand)):
            return False
        if moment < terms.earliest:
            raise HistoryReachError(format_moment(moment), format_moment(terms.earliest))
        known = [answered.start for answered in self.at_hand]
        asked = range_to_ask(range_needed(moment, terms.tolerance), terms.earliest, terms.now, known)
        answered = AnsweredRange(asked.start, asked.end, terms.now)
        self.at_hand = [answered, *self.at_hand][: terms.most_answers]
        return True
