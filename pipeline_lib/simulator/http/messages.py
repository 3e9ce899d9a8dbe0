"""Requests and answers, apart from how they travel."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_lib.simulator.http.json_text import Json, render


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: Without the query.
        query: The decoded parameters; of one given twice the last counts.
        headers: By name in small letters.
        body: As received; empty where there was none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status.
        content: The whole body.
        content_type: The Content-Type header.
        headers: Further headers.
    """

    status: int
    content: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, document: Json, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON.

    Args:
        status: The HTTP status.
        document: The body.
        headers: Beside the content type.
    """
    content = render(document).encode()
    return Answer(status, content, "application/json; charset=utf-8", headers or {})


def text_answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of plain text.

    Args:
        status: The HTTP status.
        text: The body.
        headers: Beside the content type.
    """
    return Answer(status, text.encode(), "text/plain; charset=utf-8", headers or {})
