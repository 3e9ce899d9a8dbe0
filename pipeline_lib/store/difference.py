"""What verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what is stored isn't what has to be there.

    Attributes:
        place: The file or the object.
        reason: What is wrong with it.
        mend: What to do about it.
    """

    place: str
    reason: str
    mend: str
