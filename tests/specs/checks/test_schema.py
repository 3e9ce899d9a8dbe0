import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipeline_lib.specs.checks.schema import (
    load_schema,
    resolve,
    schema_errors,
    schema_path,
    subschema,
    with_defaults,
)

MINIMAL = {"spec_version": 1, "coin": "bitcoin", "schedule": "@hourly"}


def described(schema: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield place, schema
    free = schema.get("additionalProperties") or {}
    for key, below in [*schema.get("properties", {}).items(), *([("*", free)] if free else [])]:
        yield from described(resolve(below), f"{place}.{key}" if place else key)


ALL = dict(described(load_schema()))
PROPERTIES = {place: schema for place, schema in ALL.items() if place}
OBJECTS = {place: schema for place, schema in ALL.items() if schema.get("type") == "object"}


def test_the_schema_is_valid_in_its_own_draft() -> None:
    assert load_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(load_schema())


def test_the_schema_lies_in_the_checkout() -> None:
    assert schema_path().name == "pipeline.schema.json"
    assert "thresholds.24h" in PROPERTIES


@pytest.mark.parametrize("place", PROPERTIES)
def test_every_key_is_described_and_has_examples(place: str) -> None:
    assert re.fullmatch(r"[A-Z].*\.", PROPERTIES[place]["description"])
    assert PROPERTIES[place]["examples"]


@pytest.mark.parametrize("place", PROPERTIES)
def test_examples_and_defaults_are_valid(place: str) -> None:
    schema = PROPERTIES[place]
    checker = Draft202012Validator.FORMAT_CHECKER
    # What a part refers to is looked up in the whole.
    validator = Draft202012Validator(load_schema(), format_checker=checker).evolve(schema=schema)
    for value in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
        validator.validate(value)


@pytest.mark.parametrize("place", OBJECTS)
def test_no_object_takes_unknown_keys(place: str) -> None:
    assert OBJECTS[place]["additionalProperties"] is False
    assert set(OBJECTS) == {
        "",
        "coins.*",
        "coins.*.thresholds",
        "coins.*.alerts",
        "coins.*.alerts.z_score",
        "coins.*.alerts.robust_z_score",
        "coins.*.quality",
        "thresholds",
        "alerts",
        "alerts.z_score",
        "alerts.robust_z_score",
        "quality",
        "s3",
    }


def test_every_pattern_covers_the_whole_text() -> None:
    patterns = [schema["pattern"] for schema in [*ALL.values(), *load_schema()["$defs"].values()]
                if "pattern" in schema]  # fmt: skip
    assert len(patterns) >= 7
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith("$")


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    (error,) = schema_errors({**MINIMAL, "coin": "bitcoin\n"})
    assert error.instance_path == ["coin"]
    assert list(schema_errors(MINIMAL)) == []


@pytest.mark.parametrize(
    ("path", "description"),
    [
        (("thresholds", "1h"), "Move over the last hour, in percent."),
        (("s3", "prefix"), "Folder of this pipeline's objects in the bucket."),
        ((), load_schema()["description"]),
    ],
)
def test_a_key_leads_to_its_part_of_the_schema(path: tuple[str, ...], description: str) -> None:
    assert subschema(path)["description"] == description


@pytest.mark.parametrize("path", [("nothing",), ("s3", "nothing", "at all"), ("coin", 0), ("tags", 0, "x")])
def test_an_unknown_key_leads_to_nothing(path: tuple[str | int, ...]) -> None:
    assert subschema(path) == {}


def test_defaults_stand_in_the_order_of_the_schema() -> None:
    complete = with_defaults({"schedule": "@daily", "thresholds": {"24h": 9}, "coin": "x", "spec_version": 1})
    assert list(complete) == [key for key in load_schema()["properties"] if key in complete]
    assert complete["thresholds"] == {"1h": 3, "24h": 9}
    assert complete["quality"] == {"max_age": "10m", "max_jump": 50}
    assert "s3" not in complete
