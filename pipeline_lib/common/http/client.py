"""A call that ends in time, whatever the other side does."""

from collections.abc import Sequence
from concurrent.futures import Future, wait
from threading import Thread

from pipeline_lib.common.http.messages import Answer, Limits, Request
from pipeline_lib.common.http.sockets import OpenSockets
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import NoAnswerError


def send(request: Request, limits: Limits, secrets: Sequence[Secret] = ()) -> Answer:
    """Send a request once; no redirect is followed, and none of their bodies read.

    The call runs in a thread of its own, since nothing else can end a look-up of a name. When the time is
    over its sockets are shut, so that it reads nothing more.

    Args:
        request: What to send.
        limits: How long and how large the call may get.
        secrets: Made unreadable wherever the other side repeats them.

    Raises:
        NoAnswerError: No whole answer came in time.
    """
    from pipeline_lib.common.http.exchange import exchange  # noqa: PLC0415 (imports requests)

    sockets = OpenSockets()
    result: Future[Answer | NoAnswerError] = Future()

    def run() -> None:
        try:
            result.set_result(exchange(request, limits, secrets, sockets))
        except BaseException as error:  # noqa: BLE001 (the waiting thread raises it)
            result.set_exception(error)

    Thread(target=run, name="http-exchange", daemon=True).start()
    try:
        is_in_time = bool(wait([result], timeout=limits.total_seconds).done)
    finally:
        sockets.shut()
    if not is_in_time:
        reason = f"the call took longer than {limits.total_seconds:g} s"
        raise NoAnswerError(request.host, reason, was_sent=sockets.are_written)
    answer = result.result()
    if isinstance(answer, NoAnswerError):
        raise answer
    return answer
