"""What is wrong with a spec's content, in words, before it has a place in a file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from pipeline_lib.specs.checks.schema import schema_errors, subschema

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LONGEST_VALUE = 60

_TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}

_COMPARISONS = {
    "exclusiveMinimum": "{value} is not greater than {limit}",
    "minimum": "{value} is less than {limit}",
    "maximum": "{value} is greater than {limit}",
    "const": "{value} is not {limit}",
    "minLength": "{value} is shorter than {limit} characters",
    "maxLength": "{value} is longer than {limit} characters",
    "minItems": "the list has fewer than {limit} items",
    "maxItems": "the list has more than {limit} items",
    "uniqueItems": "the list names something twice",
    "pattern": "{value} doesn't fit",
    "enum": "{value} is not one of {limit}",
    "format": "{value} is not a {limit}",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one key.

    Attributes:
        path: Keys and list indexes from the root to the value.
        message: What is wrong.
        hint: What to write instead, or an empty string.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""


def find_schema_breaks(document: object) -> Iterator[Finding]:
    """Everything in ``document`` that the schema doesn't allow."""
    for error in schema_errors(document):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            yield from _unknown_keys(path, cast("dict[str, object]", error.instance))
        elif error.validator == "required":
            yield _missing_key(path, error)
        else:
            yield Finding(path, _describe(error), _hint(error, path))


def show_value(value: object) -> str:
    """A value as it may stand in a message: short, on one line, without what a web address leads to."""
    # A webhook is a secret, wherever it was pasted by mistake.
    text = re.sub(r"(?<=://)[^'\"]+", "…", repr(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _unknown_keys(path: tuple[str | int, ...], keys: Iterable[str]) -> Iterator[Finding]:
    known = list(subschema(path).get("properties", {}))
    for key in keys:
        if key in known:
            continue
        close = get_close_matches(str(key), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        yield Finding((*path, key), "unknown key", hint)


def _missing_key(path: tuple[str | int, ...], error: "ValidationError") -> Finding:
    # jsonschema reports each missing key as an error of its own, which only its text tells apart.
    key = next(key for key in subschema(path)["required"] if error.message.startswith(repr(key)))
    return Finding(path, f"the key {key!r} is missing", _expectation((*path, key)))


def _describe(error: "ValidationError") -> str:
    value, limit = show_value(error.instance), str(error.validator_value)
    if error.validator == "type":
        types = cast("str | list[str]", error.validator_value)
        allowed = [types] if isinstance(types, str) else types
        return f"{value} is not {' or '.join(_TYPE_NAMES[name] for name in allowed)}"
    if error.validator == "enum":
        limit = ", ".join(map(str, cast("list[str]", error.validator_value)))
    template = _COMPARISONS.get(str(error.validator))
    return template.format(value=value, limit=limit) if template else error.message


def _hint(error: "ValidationError", path: Sequence[str | int]) -> str:
    if error.validator != "enum":
        return _expectation(path)
    values = {value.lower(): value for value in cast("list[str]", error.validator_value)}
    close = get_close_matches(str(error.instance).lower(), values, n=1)
    return f"did you mean {values[close[0]]!r}?" if close else ""


def _expectation(path: Sequence[str | int]) -> str:
    described = subschema(path)
    examples: list[Any] = described.get("examples", [])
    if not examples and path and isinstance(path[-1], int):
        return _expectation(path[:-1])
    return "for example " + " or ".join(as_yaml(example) for example in examples) if examples else ""


def as_yaml(value: object) -> str:
    """A value as a spec may write it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_yaml(item) for item in value) + "]"
    if isinstance(value, str) and (not value or value[0] in "@*&!|>%`\"'#{[,?:-"):
        return f'"{value}"'
    return str(value)
