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
        schema = (
            schema.get("items", {}) if isinstance(step, int) else schema.get("properties", {}).get(step, {})
        )
    definition = schema.get("$ref", "").rpartition("/")[2]
    # What stands beside a reference says more than the definition that several keys share.
    return {**load_schema()["$defs"].get(definition, {}), **schema}


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
