"""Why a shared answer couldn't be had, as JSON, so that not every pipeline that needs it asks in vain."""

import json
from datetime import datetime

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import (
    CallQuotaError,
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)

_KINDS: dict[str, type[MarketError]] = {
    kind.__name__: kind
    for kind in (MarketUnavailableError, CallQuotaError, RequestRefusedError, UnexpectedAnswerError)
}
_DETAILS = ("hint", "status", "error_code", "retry_after")


def encode_failure(error: MarketError) -> str:
    """The error as JSON."""
    details = {name: getattr(error, name) for name in _DETAILS if hasattr(error, name)}
    return json.dumps({"kind": type(error).__name__, "message": error.message, "details": details})


def decode_failure(text: str, failed_at: datetime) -> MarketError | None:
    """The error that :func:`encode_failure` was given, which says when it was; None of any other text."""
    try:
        document = json.loads(text)
        kind = _KINDS[document["kind"]]
        return kind(f"{document['message']}, at {format_moment(failed_at)}", **document["details"])
    except (ValueError, KeyError, TypeError):
        return None
