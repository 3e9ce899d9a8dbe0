from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.yaml.text import parse_yaml
from pipeline_lib.specs.yaml.writing import write_value, write_yaml

TEXTS = st.one_of(
    # libyaml takes no lone surrogate; there is no text with one.
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["no", "1:30", "2024-01-01", "1e5", "0x1f", "0o17", "~", "", "null", ".5", "1_0", "=", "<<"]
    ),
)
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(TEXTS, below, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
@settings(deadline=None)
def test_what_is_written_reads_as_the_same(data: dict[str, Any]) -> None:
    assert parse_yaml(write_yaml(data)) == data


@given(VALUES)
@settings(deadline=None)
def test_a_value_on_its_line_reads_as_the_same(value: object) -> None:
    written = write_value(value)
    assert "\n" not in written
    assert parse_yaml(f"key: [{written}]") == {"key": [value]}


@given(st.dictionaries(st.just("key"), st.one_of(TEXTS, st.booleans(), st.none())))
@settings(deadline=None)
def test_readers_of_yaml_1_1_read_the_same(data: dict[str, Any]) -> None:
    assert yaml.safe_load(write_yaml(data)) == data


def test_mappings_take_lines_and_lists_one() -> None:
    text = "windows: [24h, 7d]\nthresholds:\n  1h: 3\n  24h: 8.5\nalerts: {}\ntags: []\ns3: null\n"
    data = {
        "windows": ["24h", "7d"],
        "thresholds": {"1h": 3, "24h": 8.5},
        "alerts": {},
        "tags": [],
        "s3": None,
    }
    assert write_yaml(data) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("usd", "usd"),
        ("@hourly", "'@hourly'"),
        ("no", "'no'"),
        ("1e5", "'1e5'"),
        ("a\x1b[31m\n", '"a\\e[31m\\n"'),
        (["24h", "7d"], "[24h, 7d]"),
        ({"1h": 3}, "{1h: 3}"),
        (8.5, "8.5"),
        (None, "null"),
    ],
)
def test_a_value_is_written_as_it_may_stand_after_a_key(value: object, written: str) -> None:
    assert write_value(value) == written
