from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.reading.merging import merge

KEYS = st.sampled_from("abcd")
LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2), st.booleans())


def mappings(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    values: st.SearchStrategy[Any] = st.recursive(
        leaves, lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=6
    )
    return st.dictionaries(KEYS, values, max_size=4)


WITHOUT_NULLS = mappings(LEAVES)
WITH_NULLS = mappings(st.one_of(st.none(), LEAVES))
FLAT = st.dictionaries(KEYS, LEAVES, max_size=4)


def holds_null(value: object) -> bool:
    return value is None or (isinstance(value, dict) and any(holds_null(item) for item in value.values()))


@given(WITHOUT_NULLS)
@settings(deadline=None)
def test_nothing_below_and_nothing_above_change_nothing(spec: dict[str, Any]) -> None:
    assert merge({}, spec) == spec
    assert merge(spec, {}) == spec


@given(WITH_NULLS, WITH_NULLS)
@settings(deadline=None)
def test_no_null_is_left(defaults: dict[str, Any], spec: dict[str, Any]) -> None:
    assert not holds_null(merge(defaults, spec))


@given(WITH_NULLS, WITH_NULLS)
@settings(deadline=None)
def test_the_specs_own_values_win(defaults: dict[str, Any], spec: dict[str, Any]) -> None:
    merged = merge(defaults, spec)
    for key, value in spec.items():
        if value is None:
            assert key not in merged
        elif not isinstance(value, dict):
            assert merged[key] == value
    for key in defaults.keys() - spec.keys():
        assert merged.get(key) == merge({}, {key: defaults[key]}).get(key)


@given(WITH_NULLS, WITH_NULLS)
@settings(deadline=None)
def test_merging_twice_is_merging_once(defaults: dict[str, Any], spec: dict[str, Any]) -> None:
    assert merge(merge(defaults, spec), spec) == merge(defaults, spec)


@given(FLAT, FLAT, FLAT)
@settings(deadline=None)
def test_the_order_of_merging_flat_mappings_is_free(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@given(WITH_NULLS, WITH_NULLS)
@settings(deadline=None)
def test_what_is_merged_stays_as_it_was(defaults: dict[str, Any], spec: dict[str, Any]) -> None:
    before = repr((defaults, spec))
    merge(defaults, spec)
    assert repr((defaults, spec)) == before


@pytest.mark.parametrize(
    ("defaults", "spec", "merged"),
    [
        ({"s3": {"bucket": "b"}}, {"s3": {"prefix": "p"}}, {"s3": {"bucket": "b", "prefix": "p"}}),
        ({"windows": ["24h", "7d"]}, {"windows": ["1h"]}, {"windows": ["1h"]}),
        ({"s3": {"bucket": "b"}}, {"s3": None}, {}),
        ({"s3": {"bucket": "b", "prefix": "p"}}, {"s3": {"bucket": None}}, {"s3": {"prefix": "p"}}),
        ({"s3": "text"}, {"s3": {"prefix": "p"}}, {"s3": {"prefix": "p"}}),
        ({"s3": {"bucket": "b"}}, {"s3": "text"}, {"s3": "text"}),
        ({"alerts": {"connection": None}}, {}, {"alerts": {}}),
        ({"tags": ["a"]}, {"tags": []}, {"tags": []}),
        ({"retries": 3}, {"retries": 0}, {"retries": 0}),
    ],
)
def test_mappings_are_merged_and_all_else_is_replaced(
    defaults: dict[str, Any], spec: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge(defaults, spec) == merged
