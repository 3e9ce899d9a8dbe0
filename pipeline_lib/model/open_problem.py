"""Something that goes wrong for a while, remembered so that operators don't hear of it each hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenProblem:
    """Something that went wrong and hasn't been seen to work since.

    Attributes:
        since: The moment of the first run that it harmed (UTC).
        last: The moment of the run that it harmed last (UTC).
        runs: How many times it did harm; a run that is tried again counts again.
        notified_at: For each kind of problem, when operators were last notified, by the real clock (UTC).
    """

    since: datetime
    last: datetime
    runs: int
    notified_at: Mapping[str, datetime]
