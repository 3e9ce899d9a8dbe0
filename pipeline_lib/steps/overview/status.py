"""How pipelines are, as data: for the command line, for programs, for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pipeline_lib.model.events import Event
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.specs import Schedule


class ProblemKind(StrEnum):
    """Why a person is needed."""

    INVALID_SPEC = "invalid-spec"
    """A spec is invalid: its pipeline doesn't run."""
    OPEN_PROBLEM = "open-problem"
    """Operators were notified of a task that fails or warns, and it hasn't worked since."""
    LATE = "late"
    """A run that should have ended has recorded nothing."""
    GAPS = "gaps"
    """Moments of the schedule between two observations have none."""
    QUARANTINED = "quarantined"
    """Answers of CoinGecko were refused, and their moments have no observation."""
    UNDELIVERED = "undelivered"
    """Price alerts were refused, or expired before they could be delivered."""
    S3_BEHIND = "s3-behind"
    """S3 lacks something of a day that is over."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that needs a person.

    Attributes:
        kind: What it is.
        text: What is wrong.
        to_do: What to do about it.
    """

    kind: ProblemKind
    text: str
    to_do: str


class SpecState(StrEnum):
    """Whether a pipeline runs by a spec."""

    VALID = "valid"
    """It does."""
    INVALID = "invalid"
    """Its spec is invalid, or overlaps with another one."""
    GONE = "gone"
    """The database knows it, and it has no spec any more: nothing of it is a problem."""


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """One coin in one currency within one pipeline.

    Attributes:
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        is_in_spec: Whether runs add to it; a series of an earlier spec, or of none, has no problems.
        moment: Of its newest observation with statistics (UTC); None before the first, as the next four.
        age: How long ago that is.
        price: Of one coin.
        change_1h_percent: Over the last hour; None where nobody knows.
        change_24h_percent: Over the last 24 hours; None where nobody knows.
        gaps: The moments of the schedule in the last days that have no observation, though one before and one
            after them do (UTC), by time; None where no schedule says which.
        episodes: The newest event of each episode that goes on, by rule.
        undelivered: How many events of the last days were refused or expired.
        quarantined: How many moments of the last days have refused answers and no observation.
        problems: What needs a person.
    """

    coin: str
    vs_currency: str
    is_in_spec: bool
    moment: datetime | None = None
    age: timedelta | None = None
    price: Decimal | None = None
    change_1h_percent: Decimal | None = None
    change_24h_percent: Decimal | None = None
    gaps: Sequence[datetime] | None = None
    episodes: Sequence[Event] = ()
    undelivered: int = 0
    quarantined: int = 0
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class S3Status:
    """How far S3 is, by what the database knows.

    Attributes:
        published_at: When something was last published, by the real clock (UTC); None where nothing is known.
        behind: How many snapshots it lacks, or their rows of the processed table.
        refused: How many of them can't be published.
        oldest: Moment of the first of them to arrive (UTC); None when it lacks none.
        is_behind_a_day: Whether that one arrived on a day that is over.
    """

    published_at: datetime | None
    behind: int = 0
    refused: int = 0
    oldest: datetime | None = None
    is_behind_a_day: bool = False


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """One pipeline.

    Attributes:
        name: Its name.
        spec: Whether it runs by a spec.
        schedule: Of its spec; None without a valid one.
        series: Those of its spec first.
        open_problems: What operators were notified of, by subject: a task, or a task's warnings.
        s3: None for a pipeline that publishes nothing.
        problems: What needs a person, beside the problems of its series.
    """

    name: str
    spec: SpecState
    schedule: Schedule | None
    series: Sequence[SeriesStatus]
    open_problems: Mapping[str, OpenProblem]
    s3: S3Status | None
    problems: Sequence[Problem]

    @property
    def needs_a_person(self) -> bool:
        """Whether it, or one of its series, has a problem."""
        return bool(self.problems or any(each.problems for each in self.series))


@dataclass(frozen=True, slots=True)
class Status:
    """All pipelines, or those that were asked for.

    Attributes:
        now: When this was so, by the real clock (UTC).
        checked: How many pipelines with a spec, valid or not, were looked at.
        pipelines: By name.
        problems: What needs a person and is of no single pipeline.
    """

    now: datetime
    checked: int
    pipelines: Sequence[PipelineStatus]
    problems: Sequence[Problem]

    @property
    def needs_a_person(self) -> bool:
        """Whether there is any problem."""
        return bool(self.problems or any(each.needs_a_person for each in self.pipelines))

    @property
    def is_of_nothing(self) -> bool:
        """Whether no pipeline has a spec, so that nothing was looked at."""
        return not self.checked

    def needing_a_person(self) -> "Status":
        """The same without pipelines and series that have no problem."""
        return replace(
            self,
            pipelines=[
                replace(each, series=[series for series in each.series if series.problems])
                for each in self.pipelines
                if each.needs_a_person
            ],
        )
