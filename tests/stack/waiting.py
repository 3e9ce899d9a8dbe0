"""Waiting, with a limit."""

import time
from collections.abc import Callable

_SECONDS_BETWEEN_LOOKS = 1.0
_LONGEST_WAIT_SECONDS = 900.0


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = _LONGEST_WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what} wasn't there after {seconds:g} s"
        time.sleep(_SECONDS_BETWEEN_LOOKS)
