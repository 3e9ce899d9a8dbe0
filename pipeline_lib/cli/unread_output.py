"""Output that nobody reads any more, as of ``coin-pipelines run bitcoin | head -1``, stops no command."""

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def outlive_readers() -> None:
    """From now on, let whoever reads stdout or stderr go away: what is written then is left out."""
    sys.stdout = _outliving(sys.stdout)
    sys.stderr = _outliving(sys.stderr)


class _Unread(io.FileIO):
    """A descriptor that is written to, whether anybody reads it or not."""

    def write(self, content: "ReadableBuffer", /) -> int:
        """Write the content; once the other end of a pipe is closed, write it nowhere."""
        try:
            return super().write(content)
        except BrokenPipeError:
            # Everything that shares the descriptor writes nowhere, too: a child process, the other stream.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(content)


def _outliving(stream: TextIO) -> TextIO:
    """The same stream; another one than a process begins with, as tests set, stays as it is."""
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(
        stream.buffer, io.BufferedWriter | io.FileIO
    ):
        return stream
    stream.flush()
    raw = _Unread(stream.fileno(), "wb", closefd=False)
    # Python's own are not buffered with PYTHONUNBUFFERED.
    is_buffered = isinstance(stream.buffer, io.BufferedWriter)
    return io.TextIOWrapper(
        io.BufferedWriter(raw) if is_buffered else raw,
        encoding=stream.encoding,
        errors=stream.errors,
        newline="\n",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
