"""The sockets of one call, which another thread can shut."""

import socket
from threading import Lock


class OpenSockets:
    """What a call has opened so far.

    Time-outs of sockets start again with each byte. Shutting a socket down ends whatever waits for it.

    Attributes:
        are_written: Whether the request, or some of it, was sent over one of them.
    """

    def __init__(self) -> None:
        self.are_written = False
        self._lock = Lock()
        self._handles: list[socket.socket] = []
        self._are_shut = False

    def add(self, opened: socket.socket) -> None:
        """Have ``opened`` shut with the others.

        Raises:
            OSError: They have been shut already, and so is this one now.
        """
        # TLS takes a socket over and leaves its object empty; a second handle lasts.
        handle = socket.fromfd(opened.fileno(), opened.family, opened.type)
        with self._lock:
            self._handles.append(handle)
            is_late = self._are_shut
        if is_late:
            self.shut()
            raise OSError("the call is over")

    def shut(self) -> None:
        """Shut all, and from now on each that is added."""
        with self._lock:
            self._are_shut = True
            handles, self._handles = self._handles, []
        for handle in handles:
            with handle:
                _shut_down(handle)


def _shut_down(handle: socket.socket) -> None:
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was first.
        return
