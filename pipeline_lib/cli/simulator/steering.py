"""Talking to a simulator that runs."""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar

import click

_LOOPBACK = "127.0.0.1"
_TIMEOUT_SECONDS = 10.0

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _port(context: click.Context, _parameter: click.Parameter, port: int | None) -> int:
    # The group has the option as well, with the default of both.
    of_group: int = context.parent.params["port"] if context.parent else 0
    return of_group if port is None else port


def port_option(command: _Command) -> _Command:
    """The option ``--port``: where the simulator listens."""
    option = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        callback=_port,
        help="Where the simulator listens; 8099 unless given.",
    )
    return option(command)


def ask(method: str, port: int, path: str, document: object = None) -> Any:  # noqa: ANN401 - JSON
    """What the simulator answers.

    Args:
        method: GET, POST, PUT or DELETE.
        port: Where it listens.
        path: Below ``/simulator``.
        document: What to send as JSON; None for nothing.

    Raises:
        click.ClickException: No simulator answers there, or it refuses.
    """
    body = None if document is None else json.dumps(document)
    connection = HTTPConnection(_LOOPBACK, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, f"/simulator{path}", body)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise click.ClickException(
            f"no simulator answers at {_LOOPBACK}:{port}; start one with `coin-pipelines simulator`, or name "
            "the port of another with --port"
        ) from error
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise click.ClickException(str(answer["error"]))
    return answer
