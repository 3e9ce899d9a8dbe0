"""Why a shared answer couldn't be had, so that not every pipeline that needs it asks in vain."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.errors import (
    CallQuotaError,
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.store.files.durable_files import replace

_KINDS: dict[str, type[MarketError]] = {
    kind.__name__: kind
    for kind in (MarketUnavailableError, CallQuotaError, RequestRefusedError, UnexpectedAnswerError)
}
_DETAILS = ("hint", "status", "error_code", "retry_after")


def keep_failure(path: Path, error: MarketError, failed_at: datetime) -> None:
    """Tell others at ``path`` that asking ended in ``error``."""
    document = {
        "kind": type(error).__name__,
        "failed_at": format_moment(failed_at),
        "message": error.message,
        "details": {name: getattr(error, name) for name in _DETAILS if hasattr(error, name)},
    }
    replace(path, json.dumps(document).encode())


def find_failure(path: Path, since: datetime) -> MarketError | None:
    """The failure at ``path``, unless there is none, or it came before ``since``."""
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        failed_at = parse_moment(document["failed_at"])
        kind = _KINDS[document["kind"]]
        error = kind(f"{document['message']}, at {format_moment(failed_at)}", **document["details"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return error if failed_at > since else None
