"""What CoinGecko says in its error bodies, which come in five JSON shapes and as plain text."""

import json
from dataclasses import dataclass

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error body's content.

    Attributes:
        code: CoinGecko's own error code, or None.
        text: Its explanation, on one line and cut to a readable length.
    """

    code: int | None
    text: str


def read_api_error(body: bytes) -> ApiError:
    """Read the body of an answer that is not 200, whatever its shape."""
    text = body.decode("utf-8", errors="replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ApiError(None, shorten(text))
    if not isinstance(content, dict):
        return ApiError(None, shorten(text))
    error = content.get("error")
    if isinstance(error, str):
        return ApiError(None, shorten(error))
    holder = error if isinstance(error, dict) else content
    status = holder.get("status")
    status = status if isinstance(status, dict) else {}
    code = status.get("error_code", content.get("error_code"))
    return ApiError(code if isinstance(code, int) else None, shorten(str(status.get("error_message", text))))


def shorten(text: str) -> str:
    """Text from outside, fit to be told: on one line, printable, and cut to a readable length."""
    # The text ends in terminals and logs, where control characters and half characters do harm.
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"
