"""The JSON Schema of specs: where it lies, its defaults, and what of a document it doesn't allow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

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
def _validator() -> "Draft202012Validator":
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 (completing names needs no validator)

    return Draft202012Validator(dict(load_schema()), validate_formats=True)


def schema_errors(document: object) -> "Iterator[ValidationError]":
    """What of ``document`` the schema doesn't allow, in jsonschema-rs's terms."""
    return _validator().iter_errors(document)


def subschema(path: Sequence[str | int]) -> Mapping[str, Any]:
    """The part of the schema that describes ``path``; empty where the schema has no such key."""
    schema = load_schema()
    for step in path:
        schema = resolve(schema.get("items", {}) if isinstance(step, int) else _below(schema, step))
    return schema


def resolve(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of the schema with what it refers to; what it says itself comes first."""
    reference = part.get("$ref")
    if reference is None:
        return part
    target: Any = load_schema()
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return {**resolve(target), **part}


def _below(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    others = schema.get("additionalProperties")
    found: Mapping[str, Any] = schema.get("properties", {}).get(key) or others or {}
    return found


def with_defaults(document: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``document`` with the schema's default for each key that it leaves out, in the schema's order.

    Inside an object only the defaults of sections that are there, or default to being there, are filled in.
    Keys that are free, as the names of coins, keep their values as they are.
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
    return filled | {key: value for key, value in document.items() if key not in properties}
