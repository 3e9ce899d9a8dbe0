"""Places at which a process can be killed: before each call that writes, and in the middle of a write.

Only what touches the pipeline's folder counts, locks aside, commits, and what is sent to other services.
Python code writes files through these functions of ``os``; that no call escapes them, a trace of the system
shows.
"""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

_OF_DESCRIPTORS = ("write", "pwrite", "writev", "fsync", "fdatasync", "ftruncate", "fchmod")
_OF_PATHS = (
    "link",
    "symlink",
    "rename",
    "replace",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "truncate",
    "chmod",
)
WRAPPED = (*_OF_DESCRIPTORS, *_OF_PATHS, "open")
_OF_TWO_PATHS = ("link", "symlink", "rename", "replace")
_TEARABLE = ("write", "pwrite")


@dataclass
class FaultPoints:
    """Counts the calls that write, and kills this process at one of them.

    Attributes:
        folder: What the pipeline writes to.
        kill_at: The call to be killed before, from 1; 0 for none.
        is_torn: Whether half of that call's bytes are written first.
        passed: The calls so far: the function, and what it was called for.
    """

    folder: Path
    kill_at: int = 0
    is_torn: bool = False
    passed: list[tuple[str, str]] = field(default_factory=list)

    def install(self) -> None:
        """Put a fault point before each call of this process."""
        self.wrap_files()
        self._wrap_sends()
        event.listen(Engine, "commit", lambda _: self.pass_point("commit", "database"))

    def wrap_files(self) -> None:
        """Put a fault point before each call that changes a file."""
        for name in _OF_DESCRIPTORS:
            self._wrap(name, self._path_of_descriptor)
        for name in _OF_PATHS:
            self._wrap(name, _second_path if name in _OF_TWO_PATHS else _first_path)
        self._wrap("open", _path_of_opened)

    def pass_point(self, name: str, place: str, tear: Callable[[], object] | None = None) -> None:
        """Pass one point, or die there."""
        self.passed.append((name, place))
        if len(self.passed) == self.kill_at:
            if self.is_torn and tear:
                tear()
            os.kill(os.getpid(), signal.SIGKILL)

    def _wrap(self, name: str, place_of: Callable[[tuple[Any, ...]], str]) -> None:
        original = getattr(os, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (any function of os)
            place = place_of(args)
            if self._counts(place):
                shown = str(Path(place).relative_to(self.folder))
                tear = None
                if name in _TEARABLE:
                    half = (args[0], bytes(args[1])[: len(args[1]) // 2], *args[2:])
                    tear = lambda: original(*half)  # noqa: E731 (one line, used once)
                self.pass_point(name, shown, tear)
            return original(*args, **kwargs)

        setattr(os, name, wrapped)

    def _wrap_sends(self) -> None:
        original = socket.socket.sendall

        def sendall(connection: socket.socket, content: Any, *flags: int) -> None:  # noqa: ANN401 (any buffer)
            self.pass_point("send", bytes(content[:200]).decode("latin-1").partition("\r\n")[0])
            original(connection, content, *flags)

        socket.socket.sendall = sendall  # type: ignore[method-assign, assignment]

    def _counts(self, place: str) -> bool:
        path = Path(place)
        return path.is_relative_to(self.folder) and path.suffix != ".lock"

    @staticmethod
    def _path_of_descriptor(args: tuple[Any, ...]) -> str:
        try:
            return str(Path(f"/proc/self/fd/{args[0]}").readlink())
        except OSError:
            return ""


def _first_path(args: tuple[Any, ...]) -> str:
    return os.path.abspath(os.fspath(args[0])) if not isinstance(args[0], int) else ""  # noqa: PTH100


def _second_path(args: tuple[Any, ...]) -> str:
    return _first_path(args[1:])


def _path_of_opened(args: tuple[Any, ...]) -> str:
    return _first_path(args) if len(args) > 1 and args[1] & (os.O_CREAT | os.O_TRUNC) else ""
