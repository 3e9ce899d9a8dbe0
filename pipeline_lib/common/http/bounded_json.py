"""JSON that the other side wrote, read in bounded depth and with each number letter for letter."""

import json
import re
from typing import NoReturn

from pipeline_lib.errors import MalformedJsonError

MOST_NESTING = 32
"""How deep lists and objects are looked into; nothing that is needed lies deeper than four."""

# A text without its closing quote goes to the end: it must not be looked at once for each quote inside.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_EMPTY = '""'


class NumberText(str):
    """A number of a JSON text, letter for letter, and so of any length."""

    __slots__ = ()

    __repr__ = str.__str__


def read_json(text: str) -> object:
    """The value of a JSON text, its numbers as ``NumberText``; what lies too deep is an empty text.

    So neither a number of 5,000 digits nor 1,000 nested lists matter where nobody needs them.

    Raises:
        MalformedJsonError: It is no JSON, which NaN and Infinity aren't either.
    """
    try:
        return json.loads(
            cut_depths(text), parse_float=NumberText, parse_int=NumberText, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"is not JSON: {error}") from error


def cut_depths(text: str) -> str:
    """JSON text with an empty text in the place of each list or object that lies too deep.

    Everything else stays at its place: what is cut is filled up with spaces.
    """
    if text.count("[") + text.count("{") <= MOST_NESTING:
        return text
    pieces: list[str] = []
    depth = kept = start = 0
    for token in _TOKEN.finditer(text):
        match token[0][0]:
            case "[" | "{":
                depth += 1
                if depth == MOST_NESTING + 1:
                    start = token.start()
            case "]" | "}":
                if depth == MOST_NESTING + 1:
                    pieces += [text[kept:start], _EMPTY.ljust(token.end() - start)]
                    kept = token.end()
                depth = max(0, depth - 1)
    # What begins too deep and never ends is broken in any case.
    pieces.append(text[kept : start if depth > MOST_NESTING else None])
    return "".join(pieces)


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"holds {name}, which is no JSON number")
