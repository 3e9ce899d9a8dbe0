"""Refused answers as files of the version before: ``data/quarantine/<pipeline>/<moment>-<kind>-….json``."""

import base64
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.quarantine import RefusedAnswer

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log = logging.getLogger(__name__)


def take_over_quarantine(connection: "Connection", pipeline: str, coin: str, data_dir: Path) -> int:
    """Read a pipeline's refused answers; one that the quarantine holds already is left out.

    So is a damaged file, with a warning: nothing but people reads it.

    Args:
        connection: A transaction that writes.
        pipeline: Name of the pipeline.
        coin: CoinGecko id of its only coin.
        data_dir: The folder of everything that pipelines wrote.

    Returns:
        How many files were read.

    Raises:
        OSError: A file can't be read.
    """
    files = sorted((data_dir / "quarantine" / pipeline).glob("*.json"))
    refused = [found for path in files if (found := _read(path, coin))]
    for each in refused:
        quarantine.keep(connection, each)
    return len(refused)


def _read(path: Path, coin: str) -> RefusedAnswer | None:
    try:
        content = json.loads(path.read_bytes())
        requested_at = content["requested_at"]
        return RefusedAnswer(
            pipeline=str(content["pipeline"]),
            coin=coin,
            moment=parse_moment(content["moment"]),
            kind=str(content["kind"]),
            reason=str(content["reason"]),
            url=content["url"],
            requested_at=requested_at and parse_moment(requested_at),
            status=int(content["status"]),
            answer=_answer(content),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.warning("the refused answer %s is damaged and left out", path, exc_info=True)
        return None


def _answer(content: dict[str, Any]) -> bytes | None:
    if "answer_base64" in content:
        return base64.b64decode(content["answer_base64"])
    answer = content["answer"]
    return None if answer is None else str(answer).encode()
