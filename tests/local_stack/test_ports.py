import argparse
import socket

import pytest

from local_stack.ports import PortUnavailableError, free_port, port_number, usable


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 (what may be in the way)
def test_a_taken_port_is_told_with_what_to_do(address: str) -> None:
    with socket.socket() as taken:
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortUnavailableError) as caught:
            usable(port, "make up")
    assert str(caught.value).startswith(f"port {port} is taken: stop what listens there, or take another one")
    assert "make up PORT=" in str(caught.value)
    assert usable(port, "make up") == port


def test_another_port_than_the_taken_one_is_proposed() -> None:
    assert "make up PORT=8081" in str(PortUnavailableError(8080, 98, "make up"))
    assert "PORT=8080" in str(PortUnavailableError(80, 13, "make up"))


def test_a_free_port_can_be_used() -> None:
    port = free_port()
    assert usable(port, "make up") == port


@pytest.mark.parametrize("text", ["", "0", "65536", "http", "-1", "8080.0"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="PORT is a number from 1 to 65535"):
        port_number(text)
