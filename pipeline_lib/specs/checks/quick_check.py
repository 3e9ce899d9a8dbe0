"""A JSON Schema → one quick question: is this value certainly valid?

A yes is as good as the validator's. A no only means that the validator must be asked, which also says what
is wrong: a keyword or a case that is not understood here costs time and never lets a mistake through.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]

_REFERENCE = "#/$defs/"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TYPES: Mapping[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}
_KINDS: Mapping[str, str] = {**{name: name for name in _TYPES}, "integer": "number"}
_TYPE_OF_KEYWORD: Mapping[str, str] = {
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "exclusiveMinimum": "number",
    "maximum": "number",
}
_NOTES = frozenset({"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"})


def compile_check(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    """The question for ``schema``, a part of ``root``."""
    if isinstance(schema.get("type"), list):
        return _compile_union(schema, root)
    if "additionalProperties" in schema:
        # What isn't among the properties is never certainly valid.
        schema = {"properties": {}, **schema}
    checks = tuple(
        _compile_keyword(keyword, argument, root)
        for keyword, argument in schema.items()
        if keyword not in _NOTES | {"additionalProperties"}
    )

    return checks[0] if len(checks) == 1 else _check_all(checks)


def _check_all(checks: tuple[Check, ...]) -> Check:
    def fits(value: Any) -> bool:  # noqa: ANN401 (whatever a spec holds)
        for check in checks:  # noqa: SIM110 (all() makes a generator each time, which costs as much again)
            if not check(value):
                return False
        return True

    return fits


def _compile_union(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    # A keyword for values of one type says nothing about those of another.
    options = [
        compile_check(
            {
                keyword: argument
                for keyword, argument in schema.items()
                if keyword not in _TYPE_OF_KEYWORD or _TYPE_OF_KEYWORD[keyword] == _KINDS[name]
            }
            | {"type": name},
            root,
        )
        for name in schema["type"]
    ]
    return lambda value: any(fits(value) for fits in options)


def _compile_keyword(keyword: str, argument: Any, root: Mapping[str, Any]) -> Check:  # noqa: ANN401 (as above)
    if keyword == "$ref" and argument.startswith(_REFERENCE):
        return compile_check(root["$defs"][argument.removeprefix(_REFERENCE)], root)
    if keyword == "properties":
        return _check_properties({key: compile_check(below, root) for key, below in argument.items()})
    if keyword == "items":
        return _check_items(compile_check(argument, root))
    make = _SIMPLE_KEYWORDS.get(keyword)
    return make(argument) if make else lambda _value: False


def _check_properties(checks: Mapping[str, Check]) -> Check:
    def fits(value: Any) -> bool:  # noqa: ANN401 (as above)
        if type(value) is not dict:
            return False
        for key, item in value.items():  # noqa: SIM110 (as above)
            if not (key in checks and checks[key](item)):
                return False
        return True

    return fits


def _check_items(check: Check) -> Check:
    return lambda value: type(value) is list and all(check(item) for item in value)


def _check_type(name: str) -> Check:
    types = _TYPES.get(name, frozenset())
    return lambda value: type(value) in types


def _check_pattern(pattern: str) -> Check:
    matches = re.compile(pattern).fullmatch
    return lambda value: type(value) is str and matches(value) is not None


def _check_format(name: str) -> Check:
    return _is_date if name == "date" else lambda _value: False


def _is_date(value: Any) -> bool:  # noqa: ANN401 (as above)
    if type(value) is not str or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:  # noqa: ANN401 (as above)
    return type(value) in _TYPES["number"]


def _are_different_values(value: Any) -> bool:  # noqa: ANN401 (as above)
    return (
        type(value) is list
        and all(type(item) in {str, int} for item in value)
        and len({*value}) == len(value)
    )


_SIMPLE_KEYWORDS: Mapping[str, Callable[[Any], Check]] = {
    "type": _check_type,
    "enum": lambda values: lambda value: type(value) is str and value in values,
    "const": lambda wanted: lambda value: type(value) is type(wanted) and value == wanted,
    "pattern": _check_pattern,
    "format": _check_format,
    "minLength": lambda least: lambda value: type(value) is str and len(value) >= least,
    "maxLength": lambda most: lambda value: type(value) is str and len(value) <= most,
    "minItems": lambda least: lambda value: type(value) is list and len(value) >= least,
    "maxItems": lambda most: lambda value: type(value) is list and len(value) <= most,
    "uniqueItems": lambda _wanted: _are_different_values,
    "required": lambda keys: lambda value: type(value) is dict and all(key in value for key in keys),
    "minimum": lambda least: lambda value: _is_number(value) and value >= least,
    "exclusiveMinimum": lambda bound: lambda value: _is_number(value) and value > bound,
    "maximum": lambda most: lambda value: _is_number(value) and value <= most,
}
