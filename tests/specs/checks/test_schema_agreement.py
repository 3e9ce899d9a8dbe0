"""The schema means the same to jsonschema-rs, which checks specs, and to jsonschema, which is independent."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline_lib.specs.checks.schema import load_schema, schema_errors
from pipeline_lib.specs.yaml.text import YamlSyntaxError, parse_yaml

SPECS = Path(__file__).parents[2] / "data" / "specs"
COMPLETE = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((SPECS / "good").glob("*.json"))]
WORDS = st.one_of(
    st.sampled_from(
        [
            "bitcoin",
            "24h",
            "7d",
            "a.b",
            "20240101",
            "2024-01-01",
            "2024-02-30",
            "2024-W01-1",
            "",
            "Ä",
            "@hourly",
        ]
    ),
    st.sampled_from(
        ["x" * 100, "x" * 101, "s3/a", "https://minio.example.com", "https://[::1]:9/x", "aws:kms"]
    ),
    # Digits of another script, and characters at which texts and lines end.
    st.sampled_from(["２4h", "２０２４-01-01", "a\x7f", "a\n", "a\r", "a\x85", "a\u2028", "a\x00"]),  # noqa: RUF001
    st.text("azAZ09._-/:@\n\x1f\x7fé😀", max_size=6),
)
NUMBERS = st.one_of(st.integers(-2, 1001), st.sampled_from([1.0, 3.0, 0.5, -0.0, 1e300, 10**99, -(10**99)]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
KEYS_BELOW = ["1h", "24h", "prefix", "bucket", "endpoint_url", "max_age", "limit", "window", "z_score"]
VALUES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=4), st.dictionaries(st.sampled_from(KEYS_BELOW), below, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([*load_schema()["properties"], "unknown"])

Violation = tuple[tuple[str | int, ...], str]

independent = Draft202012Validator(load_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def ours(document: object) -> set[Violation]:
    return {(tuple(error.instance_path), error.kind.name) for error in schema_errors(document)}


def theirs(document: object) -> set[Violation]:
    return {(tuple(error.absolute_path), str(error.validator)) for error in independent.iter_errors(document)}


def specs_as_data() -> list[tuple[str, object]]:
    found = []
    for path in sorted(SPECS.rglob("*.yaml")):
        try:
            found.append((path.stem, parse_yaml(path.read_bytes().decode("utf-8-sig"))))
        except (UnicodeDecodeError, YamlSyntaxError):
            continue
    return found


def is_finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(("name", "document"), specs_as_data())
def test_both_say_the_same_of_every_example(name: str, document: object) -> None:
    if is_finite(document):
        # Python's $ stands before a line break at the end of a text, too; JSON Schema's doesn't.
        assert ours(document) >= theirs(document)
        assert name == "line_break_at_the_end" or ours(document) == theirs(document)
    assert bool(ours(document)) >= bool(theirs(document))


@given(st.sampled_from(COMPLETE), st.dictionaries(KEYS, VALUES, max_size=3), st.sets(KEYS, max_size=1))
@settings(max_examples=500, deadline=None)
def test_both_say_the_same_of_changed_specs(
    complete: dict[str, Any], changed: dict[str, Any], left_out: set[str]
) -> None:
    document = {key: value for key, value in {**complete, **changed}.items() if key not in left_out}
    if "\\n" in json.dumps(document):
        assert ours(document) >= theirs(document)
    else:
        assert ours(document) == theirs(document)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_lacks_is_none(number: float) -> None:
    assert ours({**COMPLETE[0], "thresholds": {"1h": number}}) == {(("thresholds", "1h"), "type")}
