"""What CoinGecko says in its error bodies, which come in five JSON shapes and as plain text."""

import re
from dataclasses import dataclass
from typing import Any

from pipeline_lib.common.http.bounded_json import NumberText, read_json
from pipeline_lib.common.http.foreign_text import readable
from pipeline_lib.errors import MalformedJsonError

_CODE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error body's content.

    Attributes:
        code: CoinGecko's own error code, or None.
        text: Its explanation, on one line and cut to a readable length; of a web page its title.
    """

    code: int | None
    text: str


def read_api_error(body: bytes) -> ApiError:
    """Read the body of an answer that is not 200, whatever its shape."""
    text = body.decode("utf-8", errors="replace")
    try:
        content = read_json(text)
    except MalformedJsonError:
        return ApiError(None, readable(text))
    if not isinstance(content, dict):
        return ApiError(None, readable(text))
    error = content.get("error")
    if isinstance(error, str):
        return ApiError(None, readable(error))
    holder = error if isinstance(error, dict) else content
    status = holder.get("status")
    status = status if isinstance(status, dict) else {}
    code = _code(status.get("error_code", content.get("error_code")))
    return ApiError(code, readable(str(status.get("error_message", text))))


def _code(value: Any) -> int | None:  # noqa: ANN401 (whatever the JSON holds)
    return int(value) if isinstance(value, NumberText) and _CODE.fullmatch(value) else None
