"""What a verification finds."""

from dataclasses import dataclass


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
