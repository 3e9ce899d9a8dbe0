"""Durations as specs write them: ``30s``, ``10m``, ``24h``, ``7d``."""

import re
from datetime import timedelta
from functools import lru_cache

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


@lru_cache(maxsize=256)
def parse_duration(text: str) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: ``text`` is not a whole number followed by s, m, h or d.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 30s, 10m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
