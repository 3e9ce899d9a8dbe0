"""What a step did: its work, or nothing, and why."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Done:
    """The step did its work.

    Attributes:
        summary: One line for people.
        warnings: What those who run the pipelines should look at, though the work is done. The first line of
            each says what it is, the others go into detail: two with one first line are the same warning.
        missing: How many coins of the run have no observation.
    """

    summary: str
    warnings: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was nothing that the step could do.

    Attributes:
        reason: One line for people.
        warnings: What those who run the pipelines should do about it, as for ``Done``; none where that is all
            right.
    """

    reason: str
    warnings: tuple[str, ...] = ()


Outcome: TypeAlias = Done | Skipped
