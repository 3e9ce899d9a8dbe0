"""What of a spec the schema doesn't allow, in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.schema import schema_errors, subschema
from pipeline_lib.specs.durations import is_duration_of_any_length

_LONGEST_VALUE = 60

_TYPE_NAMES = {
    "string": "text",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
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
    "format": "{value} is not a {limit}",
}


def find_schema_violations(document: object) -> Iterator[Diagnostic]:
    """Everything in ``document`` that the schema doesn't allow."""
    for error in schema_errors(document):
        path, keyword, argument = tuple(error.instance_path), error.kind.name, error.kind.value
        value = _value_at(document, path)
        match keyword:
            case "additionalProperties":
                yield from _unknown_keys(path, argument)
            case "required":
                yield Diagnostic(path, f"the key {argument!r} is missing", _expectation((*path, argument)))
            case "type":
                yield Diagnostic(path, _other_type(value, argument), _expectation(path))
            case "enum":
                yield _not_among(path, value, argument)
            case "pattern" if isinstance(value, str) and is_duration_of_any_length(value):
                yield Diagnostic(path, f"{show_value(value)} is too long", subschema(path)["$comment"])
            case _:
                message = _COMPARISONS[keyword].format(value=show_value(value), limit=argument)
                yield Diagnostic(path, message, _expectation(path))


def _value_at(document: Any, path: Iterable[str | int]) -> object:  # noqa: ANN401 (whatever a spec holds)
    # The error's own copy has gone through JSON, which has no infinity.
    for step in path:
        document = document[step]
    return document


def show_value(value: object) -> str:
    """A value as it may stand in a message: short, on one line, without what a web address leads to."""
    # A webhook is a secret, in whichever key it was pasted.
    text = re.sub(r"(?<=://)[^'\"]+", "…", repr(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _unknown_keys(path: tuple[str | int, ...], keys: Iterable[str]) -> Iterator[Diagnostic]:
    known = list(subschema(path).get("properties", {}))
    for key in keys:
        close = get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        yield Diagnostic((*path, key), "unknown key", hint)


def _not_among(path: tuple[str | int, ...], value: object, options: Sequence[str]) -> Diagnostic:
    by_lower_case = {option.lower(): option for option in options}
    close = get_close_matches(str(value).lower(), by_lower_case, n=1)
    hint = f"did you mean {by_lower_case[close[0]]!r}?" if close else ""
    return Diagnostic(path, f"{show_value(value)} is not one of {', '.join(options)}", hint)


def _other_type(value: object, allowed: Sequence[str]) -> str:
    names = (name for type_name, name in _TYPE_NAMES.items() if type_name in allowed)
    return f"{show_value(value)} is not {' or '.join(names)}"


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
