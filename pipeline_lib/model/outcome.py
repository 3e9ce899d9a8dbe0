"""What a step did: its work, or nothing, and why."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Done:
    """The step did its work.

    Attributes:
        summary: One line for people.
        warnings: What those who run the pipelines should look at, though the work is done; a line each.
    """

    summary: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was nothing that the step could do.

    Attributes:
        reason: One line for people.
        warnings: What those who run the pipelines should do about it, a line each; none where that is all
            right.
    """

    reason: str
    warnings: tuple[str, ...] = ()


Outcome: TypeAlias = Done | Skipped
