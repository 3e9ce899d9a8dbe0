"""The command that shows which answers of CoinGecko were refused, and why."""

import base64
import json
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import click

from pipeline_lib.cli.project import complete_names, current_settings, reporting_errors
from pipeline_lib.common.timestamps import format_moment

if TYPE_CHECKING:
    from pipeline_lib.database.market.quarantine import Quarantined, RefusedAnswer


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.argument("number", type=int, required=False)
@reporting_errors
def quarantine(pipeline: str, number: int | None) -> None:
    """List the answers that PIPELINE refused, with the reasons.

    They are answers of CoinGecko. With NUMBER, print one of them as JSON.

    \b
    Example:
      coin-pipelines quarantine bitcoin
      coin-pipelines quarantine bitcoin 17
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    found = _read(pipeline)
    if number is None:
        for each in found:
            click.echo(_line(each))
        return
    chosen = next((each.refused for each in found if each.number == number), None)
    if chosen is None:
        raise click.ClickException(f"the quarantine of {pipeline} has no number {number}")
    click.echo(json.dumps(_document(chosen), indent=1, ensure_ascii=False))


def _read(pipeline: str) -> list["Quarantined"]:
    from pipeline_lib.database.engine.prepared import PreparedDatabase  # noqa: PLC0415
    from pipeline_lib.database.market import quarantine as rows  # noqa: PLC0415 (a fifth of a second)

    with (
        closing(PreparedDatabase(current_settings().database_url)) as database,
        database.reading() as connection,
    ):
        return rows.read(connection, pipeline)


def _line(each: "Quarantined") -> str:
    refused = each.refused
    return f"{each.number}  {format_moment(refused.moment)}  {refused.coin}  {refused.kind}  {refused.reason}"


def _document(refused: "RefusedAnswer") -> dict[str, object]:
    return {
        "pipeline": refused.pipeline,
        "coin": refused.coin,
        "moment": format_moment(refused.moment),
        "kind": refused.kind,
        "reason": refused.reason,
        "url": refused.url,
        "requested_at": format_moment(refused.requested_at) if refused.requested_at else None,
        "status": refused.status,
        "sha256": None if refused.answer is None else sha256(refused.answer).hexdigest(),
        **_answer_fields(refused.answer),
    }


def _answer_fields(answer: bytes | None) -> dict[str, str | None]:
    """The answer as text, letter for letter, or as base64 where it is none."""
    if answer is None:
        return {"answer": None}
    try:
        return {"answer": answer.decode()}
    except UnicodeDecodeError:
        return {"answer_base64": base64.b64encode(answer).decode()}
