import socket
import threading

import pytest

from pipeline_lib.common.http.sockets import OpenSockets


def test_a_thread_that_waits_for_a_byte_is_freed() -> None:
    sockets = OpenSockets()
    near, far = socket.socketpair()
    received: list[bytes] = []
    with near, far:
        sockets.add(near)
        waiting = threading.Thread(target=lambda: received.append(near.recv(1)))
        waiting.start()
        sockets.shut()
        waiting.join(10)
        assert received == [b""]
        assert far.recv(1) == b""


def test_a_socket_that_changed_hands_is_shut_too() -> None:
    sockets = OpenSockets()
    near, far = socket.socketpair()
    sockets.add(near)
    # As TLS does.
    with socket.socket(fileno=near.detach()) as taken_over, far:
        sockets.shut()
        assert taken_over.recv(1) == b""


def test_a_socket_that_comes_too_late_is_refused() -> None:
    sockets = OpenSockets()
    sockets.shut()
    near, far = socket.socketpair()
    with near, far:
        with pytest.raises(OSError, match="the call is over"):
            sockets.add(near)
        assert far.recv(1) == b""


def test_shutting_twice_or_after_the_other_side_is_no_error() -> None:
    sockets = OpenSockets()
    near, far = socket.socketpair()
    sockets.add(near)
    near.close()
    far.close()
    sockets.shut()
    sockets.shut()
