"""Durations as specs write them: ``30s``, ``10m``, ``24h``, ``7d``."""

import re
from datetime import timedelta
from functools import lru_cache

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
# As many digits as the schema allows: a date stays one, whichever duration is added to it or taken away.
_DURATION = re.compile(r"[1-9](?:[0-9]{0,5}[sm]|[0-9]{0,4}h|[0-9]{0,3}d)")
_OF_ANY_LENGTH = re.compile(r"[1-9][0-9]*[smhd]")


@lru_cache(maxsize=256)
def parse_duration(text: str) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: ``text`` is not a whole number followed by s, m, h or d, or is too long.
    """
    if _DURATION.fullmatch(text):
        return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    if is_duration_of_any_length(text):
        raise ValueError(f"{text!r} is too long, a duration is up to 999999s, 999999m, 99999h or 9999d")
    raise ValueError(f"{text!r} is not a duration such as 30s, 10m, 24h or 7d")


def is_duration_of_any_length(text: str) -> bool:
    """Whether a text is a duration, or would be one if it were shorter."""
    return _OF_ANY_LENGTH.fullmatch(text) is not None
