"""The JSON Schema of specs: where it lies, its defaults, and what of a document breaks it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_lib.specs.checks.quick_check import Check, compile_check

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_FILE_NAME = "pipeline.schema.json"


def schema_path() -> Path:
    """The schema's file: inside an installed package, or ``schemas/`` of a source checkout."""
    packaged = Path(__file__).with_name(_FILE_NAME)
    return packaged if packaged.exists() else Path(__file__).parents[3] / "schemas" / _FILE_NAME


@cache
def load_schema() -> Mapping[str, Any]:
    """The schema as plain data."""
    schema: dict[str, Any] = json.loads(schema_path().read_text(encoding="utf-8"))
    return schema


@cache
def validator() -> "Draft202012Validator":
    """The whole schema's validator."""
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 (costs more than reading a spec)

    strict: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _check_pattern}
    )
    return strict(load_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _check_pattern(
    _validator: object, pattern: str, value: object, _schema: object
) -> "Iterator[ValidationError]":
    # JSON Schema's $ is the end of the text; Python's also stands before a line break there.
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 (as above)

    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


@cache
def _quick_check() -> Check:
    return compile_check(load_schema(), load_schema())


def schema_errors(document: object) -> "Iterator[ValidationError]":
    """What of ``document`` breaks the schema, in jsonschema's terms."""
    # Most specs are valid: they need neither the validator nor the time that importing it takes.
    return iter(()) if _quick_check()(document) else validator().iter_errors(document)


def subschema(path: Sequence[str | int]) -> Mapping[str, Any]:
    """The part of the schema that describes ``path``; empty where the schema has no such key."""
    schema = load_schema()
    for step in path:
        schema = (
            schema.get("items", {}) if isinstance(step, int) else schema.get("properties", {}).get(step, {})
        )
    return schema


def with_defaults(document: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``document`` with the schema's default for each key that it leaves out, in the schema's order.

    Inside an object only the defaults of sections that are there, or default to being there, are filled in.
    """
    properties = (load_schema() if schema is None else schema).get("properties", {})
    filled: dict[str, Any] = {}
    for key, description in properties.items():
        if key in document:
            value = document[key]
        elif "default" in description:
            value = description["default"]
        else:
            continue
        filled[key] = with_defaults(value, description) if isinstance(value, dict) else value
    return filled
