"""What of a spec the schema doesn't allow, in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.schema import schema_errors, subschema
from pipeline_lib.specs.durations import is_duration_of_any_length
from pipeline_lib.specs.key_paths import join_path, known_paths

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
    "minProperties": "the mapping has fewer than {limit} keys",
    "maxProperties": "the mapping has more than {limit} keys",
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
                hint = _hint_at_quotes(path, value) or _expectation(path)
                yield Diagnostic(path, _other_type(value, argument), hint)
            case "enum":
                yield _not_among(path, value, argument)
            case "oneOf":
                yield _not_one_of_coin_and_coins(path, document)
            case "propertyNames":
                key = argument.instance
                yield Diagnostic((*path, key), f"{show_value(key)} doesn't fit", _expectation(("coin",)))
            case "pattern" if isinstance(value, str) and is_duration_of_any_length(value):
                yield Diagnostic(path, f"{show_value(value)} is too long", subschema(path)["$comment"])
            case _:
                message = _COMPARISONS[keyword].format(value=show_value(value), limit=argument)
                yield Diagnostic(path, message, _expectation(path))


def find_broken_paths(document: object) -> tuple[tuple[str | int, ...], ...]:
    """The places of all in ``document`` that the schema doesn't allow; a missing key has one, too."""
    return tuple(_broken_paths(document))


def _broken_paths(document: object) -> Iterator[tuple[str | int, ...]]:
    for error in schema_errors(document):
        path = tuple(error.instance_path)
        match error.kind.name:
            case "required":
                yield (*path, error.kind.value)
            case "additionalProperties":
                yield from ((*path, key) for key in error.kind.value)
            case "oneOf":
                # Of coin and coins, the one that is missing, or that is too many.
                yield (*path, "coins")
            case _:
                yield path


def _hint_at_quotes(path: tuple[str | int, ...], value: object) -> str:
    """What to write where a number, or true or false, would be right as text; otherwise nothing."""
    # A schedule may be any text to the schema, but a number is none in quotes, either.
    if not isinstance(value, int | float) or path in {(), ("schedule",)}:
        return ""
    text = as_yaml(value)
    alone: object = text
    for step in reversed(path):
        alone = [alone] if isinstance(step, int) else {step: alone}
    place = [0 if isinstance(step, int) else step for step in path]
    if any(list(error.instance_path) == place for error in schema_errors(alone)):
        return ""
    # A number with a point or an exponent may have been written in another way.
    return "put it in quotes" if isinstance(value, float) else f'put it in quotes: "{text}"'


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
        hint = _hint_at_section(key) or f"known keys: {', '.join(known)}"
        yield Diagnostic((*path, key), "unknown key", f"did you mean {close[0]!r}?" if close else hint)


def _hint_at_section(key: str) -> str:
    """Where a key belongs that stands in a wrong section, as one that is indented wrongly does."""
    sections = [path[:-1] for path in known_paths() if path[-1] == key]
    if () in sections:
        return f"{key} is a key of the spec itself: begin it in column 1"
    if sections:
        return f"{key} is a key of {' or '.join(map(join_path, sections))}: indent it below that"
    return ""


def _not_among(path: tuple[str | int, ...], value: object, options: Sequence[str]) -> Diagnostic:
    by_lower_case = {option.lower(): option for option in options}
    close = get_close_matches(str(value).lower(), by_lower_case, n=1)
    hint = f"did you mean {by_lower_case[close[0]]!r}?" if close else ""
    return Diagnostic(path, f"{show_value(value)} is not one of {', '.join(options)}", hint)


def _not_one_of_coin_and_coins(path: tuple[str | int, ...], document: object) -> Diagnostic:
    """Neither or both of ``coin`` and ``coins``: the only keys of which the schema wants one."""
    if isinstance(document, dict) and "coin" in document and "coins" in document:
        return Diagnostic((*path, "coins"), "the key 'coin' names a coin already", "keep one of them")
    return Diagnostic(path, "the key 'coin' is missing", "for example coin: bitcoin, or coins: {top: 100}")


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
