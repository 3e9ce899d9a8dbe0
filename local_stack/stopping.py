"""Ways to end what runs in a terminal, all of which leave nothing behind."""

import os
import signal
import threading
import time
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SECONDS_BETWEEN_LOOKS = 0.5


def stop_as_by_ctrl_c() -> None:
    """Let SIGTERM, SIGHUP and the end of the parent (``make``) raise KeyboardInterrupt, as Ctrl-C does.

    Once: further signals don't disturb the cleaning up. What ``nohup`` started goes on without its terminal.
    """
    for number in _SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _follow_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
