"""What a verification finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that isn't as the archive says.

    Attributes:
        place: The file, with its line where there is one, or the object.
        reason: What is wrong there.
        fix: What to do about it.
    """

    place: str
    reason: str
    fix: str


Check: TypeAlias = Callable[[], Iterator[Difference]]
"""Compares two places, and says what differs."""
