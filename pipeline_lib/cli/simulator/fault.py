"""The command that makes the simulator fail."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import click

from pipeline_lib.cli.simulator.steering import ask, port_option
from pipeline_lib.simulator.faults.documents import fault_to_json
from pipeline_lib.simulator.faults.queue import API_ROOT, SLACK_ROOT, Fault, FaultKind

_KINDS = tuple(kind for kind in get_args(FaultKind) if kind != "status")
_CLEAR = "clear"
_TARGETS = {API_ROOT: "CoinGecko", SLACK_ROOT: "Slack"}


@click.command()
@click.argument("what", required=False)
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="How many requests.")
@click.option("--until-cleared", is_flag=True, help="Every request, until `fault clear`.")
@click.option("--slack", is_flag=True, help="Hit the Slack webhook instead of CoinGecko.")
@click.option("--path", help="Hit only what is at or below this path, such as /coins/markets.")
@click.option("--retry-after", metavar="SECONDS|DATE", help="The Retry-After header of an error.")
@click.option("--error-code", type=int, help="CoinGecko's own code in the body of an error, such as 10002.")
@click.option("--body", help="The body of an error, or of `malformed`.")
@click.option("--seconds", type=float, help="How long `slow` waits, or `drip` before each byte.")
@click.option("--coin", help="The coin of `unknown_coin`; the only row to change for the others.")
@click.option("--field", help="The key of rows that `missing_field`, `null_field`, `replace_field` change.")
@click.option("--value", help="What `replace_field` puts there: JSON, or a text.")
@click.option("--location", help="Where `redirect` sends the client.")
@port_option
def fault(what: str | None, port: int, **options: Any) -> None:  # noqa: ANN401 (click's values)
    """Make the next request to the simulated CoinGecko fail.

    WHAT is a status such as 429, or cut, drip, malformed, missing_field, null_field, redirect, replace_field,
    slow or unknown_coin. Without it, list the faults that wait; `clear` forgets them.

    \b
    Example:
      coin-pipelines simulator fault 429 --retry-after 30
      coin-pipelines simulator fault null_field --field current_price --coin solana --times 3
      coin-pipelines simulator fault 500 --slack --until-cleared
      coin-pipelines simulator fault clear
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    if what is None:
        waiting = ask("GET", port, "/faults")
    elif what == _CLEAR:
        waiting = ask("DELETE", port, "/faults")
    else:
        waiting = ask("POST", port, "/faults", fault_to_json(_fault(what, options)))
    for document in waiting:
        click.echo(_line(document))
    if not waiting:
        click.echo("no faults wait")


def _fault(what: str, options: Mapping[str, Any]) -> Fault:
    given = {name: value for name, value in options.items() if value is not None}
    slack, until_cleared = given.pop("slack"), given.pop("until_cleared")
    given.setdefault("path", SLACK_ROOT if slack else API_ROOT)
    if until_cleared:
        given["times"] = None
    kind = what.replace("-", "_")
    if what.isdecimal():
        kind, given["status"] = "status", int(what)
    elif kind not in _KINDS:
        raise click.BadParameter(f"{what!r} is neither a status such as 429 nor one of {', '.join(_KINDS)}")
    if slack and given["path"] != SLACK_ROOT:
        raise click.UsageError("--slack and --path exclude each other")
    for name in ("retry_after", "value"):
        if name in given:
            given[name] = _value(given[name])
    try:
        return Fault(**{"kind": kind, **given})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _value(text: str) -> object:
    """What ``text`` means as JSON, such as a number; otherwise the text itself."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _line(document: Mapping[str, Any]) -> str:
    """A fault that waits, for people."""
    rest = dict(document)
    kind, times, path = (rest.pop(name, None) for name in ("kind", "times", "path"))
    name = f"{kind} {rest.pop('status')}" if kind == "status" else str(kind)
    details = "".join(f", {key} {value}" for key, value in rest.items())
    requests = {None: "every request", 1: "the next request"}.get(times, f"the next {times} requests")
    return f"{name}{details}: {requests} to {_TARGETS.get(path, path) if path else 'CoinGecko or Slack'}"
