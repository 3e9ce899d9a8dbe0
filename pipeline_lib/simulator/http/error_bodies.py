"""The bodies that CoinGecko and Slack send with an error."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from pipeline_lib.simulator.http.json_text import Json
from pipeline_lib.simulator.http.messages import Answer, json_answer, text_answer

_MESSAGES = {
    429: "You've exceeded the Rate Limit.",
    10002: "API Key Missing.",
    10005: "This request is limited to PRO API subscribers.",
    10010: "A Pro API key belongs to the root URL pro-api.coingecko.com",
    10011: "A Demo API key belongs to the root URL api.coingecko.com",
    10012: "Your request exceeds the allowed time range.",
}
_CODES_BY_STATUS = {400: 10010, 401: 10002, 403: 10005, 429: 429}
_SHAPES_BY_CODE = {10011: "timestamp", 10012: "error_status"}
_WORDS_BY_STATUS = {404: "coin not found", 422: "Missing parameter vs_currency"}
_SLACK_WORDS = {
    400: "invalid_payload",
    403: "invalid_token",
    404: "no_service",
    410: "channel_is_archived",
    429: "rate_limited",
    500: "rollup_error",
}

_SHAPES = ("status", "error_status", "timestamp", "error", "status_error")


def market_error(
    status: int, moment: datetime, *, body: str | None, error_code: int | None, headers: Mapping[str, str]
) -> Answer:
    """An error of CoinGecko's.

    Args:
        status: The HTTP status.
        moment: The time named inside some of the bodies, UTC.
        body: The name of a shape (``status``, ``error_status``, ``timestamp``, ``error``, ``status_error``);
            ``edge`` for the plain text in front of CoinGecko; any other text is sent as it is; None for the
            shape that CoinGecko uses with this status or code.
        error_code: CoinGecko's own code, such as 10002, or None for the usual one.
        headers: Headers beside the usual ones.
    """
    if body == "edge":
        return text_answer(status, "error code: 1015", headers)
    if body is not None and body not in _SHAPES:
        return text_answer(status, body, headers)
    document = market_error_document(status, moment, shape=body, error_code=error_code)
    return json_answer(status, document, {"Cache-Control": "no-cache", **headers})


def market_error_document(
    status: int, moment: datetime, *, shape: str | None = None, error_code: int | None = None
) -> Json:
    """The JSON of an error of CoinGecko's.

    Args:
        status: The HTTP status.
        moment: The simulation's time (UTC), which some shapes hold.
        shape: Name of the JSON shape, or None for the one that CoinGecko uses for this error.
        error_code: CoinGecko's own code, or None for the usual one of the status.
    """
    code = error_code if error_code is not None else _CODES_BY_STATUS.get(status)
    message = _MESSAGES.get(code, "") if code is not None else _WORDS_BY_STATUS.get(status, "")
    return _document(
        shape or _usual_shape(status, code),
        status,
        code or status,
        message or _phrase(status),
        moment.isoformat(timespec="milliseconds"),
    )


def slack_error(status: int, *, body: str | None, headers: Mapping[str, str]) -> Answer:
    """An error of Slack's: one word of plain text.

    Args:
        status: The HTTP status.
        body: The text, or None for the usual one of the status.
        headers: Of the answer.
    """
    return text_answer(status, body or _SLACK_WORDS.get(status) or _phrase(status), headers)


def _document(shape: str, status: int, code: int, message: str, time: str) -> Json:
    match shape:
        case "status":
            return {"status": {"error_code": code, "error_message": message}}
        case "error_status":
            return {"error": {"status": {"timestamp": time, "error_code": code, "error_message": message}}}
        case "timestamp":
            return {"timestamp": time, "error_code": code, "status": {"error_message": message}}
        case "status_error":
            return {"status": status, "error": message}
        case _:
            return {"error": message}


def _usual_shape(status: int, code: int | None) -> str:
    if code is not None:
        return _SHAPES_BY_CODE.get(code, "status")
    return "status_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "error"


def _phrase(status: int) -> str:
    # Statuses of the edge such as 520 are in no standard.
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else f"Error {status}"
