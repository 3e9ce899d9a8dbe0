import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.checks.quick_check import compile_check
from pipeline_lib.specs.checks.schema import load_schema, schema_errors, validator

SPECS = Path(__file__).parents[2] / "data" / "specs"
COMPLETE = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((SPECS / "good").glob("*.json"))]
WORDS = st.sampled_from(
    ["bitcoin", "24h", "7d", "1h", "2024-01-01", "2024-02-30", "a\n", "", "Ä", "@hourly", "x" * 101, "s3/a"]
)
NUMBERS = st.one_of(st.integers(-2, 1001), st.sampled_from([1.0, 3.0, 0.5, -0.0, 1e400, float("nan")]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.sampled_from(["1h", "24h", "prefix", "bucket", "max_age"]), below, max_size=3),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([*load_schema()["properties"], "unknown"])

fits = compile_check(load_schema(), load_schema())


@given(st.sampled_from(COMPLETE), st.dictionaries(KEYS, VALUES, max_size=3), st.sets(KEYS, max_size=1))
@settings(max_examples=500, deadline=None)
def test_a_yes_is_the_validators_too(
    complete: dict[str, Any], changed: dict[str, Any], left_out: set[str]
) -> None:
    document = {key: value for key, value in {**complete, **changed}.items() if key not in left_out}
    assert not fits(document) or validator().is_valid(document)


@pytest.mark.parametrize("document", COMPLETE)
def test_an_ordinary_spec_needs_no_validator(document: object) -> None:
    assert fits(json.loads(json.dumps(document).replace("3.0", "3").replace("20.0", "20")))


def test_a_no_leaves_the_last_word_to_the_validator() -> None:
    document = {"spec_version": 1, "coin": "bitcoin", "schedule": "@hourly", "retries": 3.0}
    assert not fits(document)
    assert list(schema_errors(document)) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "^a$"}, "a\n"),
        ({"pattern": "^a$"}, 1),
        ({"type": "number"}, True),
        ({"type": "integer"}, True),
        ({"type": "null"}, None),
        ({"const": 1}, True),
        ({"format": "date"}, "20240101"),
        ({"format": "date"}, "２０２４-01-01"),  # noqa: RUF001 (digits of another script)
        ({"format": "date"}, date(2024, 1, 1)),
        ({"format": "uri"}, "https://example.com"),
        ({"maximum": 5}, float("nan")),
        ({"exclusiveMinimum": 0}, 0),
        ({"minItems": 1}, []),
        ({"uniqueItems": True}, ["a", "a"]),
        ({"uniqueItems": True}, [[1], [1]]),
        ({"additionalProperties": False}, {"a": 1}),
        ({"properties": {"a": {}}}, {"b": 1}),
        ({"required": ["a"]}, {}),
        ({"oneOf": [{}]}, 1),
        ({"$ref": "https://example.com/schema"}, 1),
    ],
)
def test_what_is_wrong_or_not_understood_is_no_yes(schema: Mapping[str, Any], value: object) -> None:
    assert not compile_check(schema, schema)(value)
