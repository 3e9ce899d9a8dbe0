import threading
import time

import pytest

from pipeline_lib.common.deadline import DeadlinePassedError, call_within


def test_a_call_in_time_gives_its_result() -> None:
    assert call_within(10, lambda: "result") == "result"


@pytest.mark.parametrize("error", [ValueError("bug"), TimeoutError("of its own"), KeyboardInterrupt()])
def test_what_the_call_raises_comes_through(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        call_within(10, fail)
    assert caught.value is error


def test_a_call_that_takes_too_long_is_left_alone() -> None:
    end = threading.Event()
    start = time.monotonic()
    with pytest.raises(DeadlinePassedError):
        call_within(0.05, end.wait)
    assert time.monotonic() - start < 5
    (left,) = (thread for thread in threading.enumerate() if thread.name == "call-within-deadline")
    assert left.daemon
    end.set()
    left.join(5)
    assert not left.is_alive()
