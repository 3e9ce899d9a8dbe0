"""A call that is given up after a time, whatever it waits for."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


class DeadlinePassedError(Exception):
    """The call took longer than it may."""


def call_within(seconds: float, function: Callable[[], Result]) -> Result:
    """The result of ``function``, or its exception.

    Time-outs of sockets start again with each byte, and the system's look-up of names knows none. So the
    call runs in a thread of its own, which is left alone when the time is over: nothing can end it from
    outside. It keeps no process from ending.

    Raises:
        DeadlinePassedError: ``function`` hasn't ended after ``seconds``.
    """
    result: Future[Result] = Future()

    def call() -> None:
        try:
            result.set_result(function())
        except BaseException as error:  # noqa: BLE001 (the waiting thread raises it)
            result.set_exception(error)

    Thread(target=call, name="call-within-deadline", daemon=True).start()
    if not wait([result], timeout=seconds).done:
        raise DeadlinePassedError
    return result.result()
