"""Ports of this machine for Airflow's UI."""

import argparse
import errno
import os
import socket
from dataclasses import dataclass

DEFAULT_PORT = 8080

_LOOPBACK = "127.0.0.1"
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class PortUnavailableError(Exception):
    """Nothing can listen on a port.

    Attributes:
        port: The port.
        reason: The system's error number.
        command: How the stack was started, such as ``make up``.
    """

    port: int
    reason: int
    command: str

    def __str__(self) -> str:
        other = self.port + 1 if DEFAULT_PORT <= self.port < _HIGHEST_PORT else DEFAULT_PORT
        another = f"take another one, such as {self.command} PORT={other}"
        if self.reason == errno.EADDRINUSE:
            return f"port {self.port} is taken: stop what listens there, or {another}"
        return f"can't listen on port {self.port} ({os.strerror(self.reason)}): {another}"


def port_number(text: str) -> int:
    """The port that ``text`` names.

    Raises:
        argparse.ArgumentTypeError: It names none.
    """
    if not text.isdecimal() or not 1 <= int(text) <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (PORT is a number from 1 to {_HIGHEST_PORT})")
    return int(text)


def usable(port: int, command: str) -> int:
    """``port``, when a server can listen there.

    Args:
        port: Of 127.0.0.1.
        command: How the stack was started, such as ``make up``.

    Raises:
        PortUnavailableError: None can.
    """
    with socket.socket() as probe:
        # As servers do: connections that ended a moment ago don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError as error:
            raise PortUnavailableError(port, error.errno or 0, command) from error
    return port


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
