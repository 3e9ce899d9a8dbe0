import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.common.http.bounded_json import MOST_NESTING, NumberText, cut_depths, read_json
from pipeline_lib.errors import MalformedJsonError

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=5)),
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(st.text(max_size=3), below, max_size=3)
    ),
    max_leaves=20,
)


def nested(levels: int, inside: str = "") -> str:
    return "[" * levels + inside + "]" * levels


def depth(value: object) -> int:
    if isinstance(value, dict):
        value = [*value.values()]
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize("number", ["7325.10", "7e-08", "0", "-1E+5", "9" * 5000, "1e99999999999999999999"])
def test_a_number_comes_letter_for_letter(number: str) -> None:
    assert read_json(f'{{"a": [{number}]}}') == {"a": [number]}
    value = read_json(number)
    assert isinstance(value, NumberText)
    assert repr(value) == number


def test_a_text_of_digits_is_no_number() -> None:
    assert type(read_json('"7"')) is str


def test_what_lies_at_the_bound_is_read() -> None:
    assert json.dumps(read_json(nested(MOST_NESTING))) == nested(MOST_NESTING)


@pytest.mark.parametrize("levels", [MOST_NESTING + 1, 1000, 100_000])
def test_what_lies_deeper_is_an_empty_text(levels: int) -> None:
    assert json.dumps(read_json(nested(levels))) == nested(MOST_NESTING, '""')


def test_what_stands_beside_something_too_deep_is_read() -> None:
    deep = '{"a":' * 500 + '"]"' + "}" * 500
    text = f'{{"b": "[[", "deep": [{deep}, 1, {deep}], "c": "\\\\\\"]", "d": {{}}}}'
    value: Any = read_json(text)
    assert (value["b"], value["c"], value["d"], value["deep"][1]) == ("[[", '\\"]', {}, "1")
    assert depth(value) == MOST_NESTING


def test_what_is_cut_leaves_everything_at_its_place() -> None:
    text = f'[{nested(100)}, "é", {nested(MOST_NESTING - 1)}, {nested(50)}]'
    cut = cut_depths(text)
    assert len(cut) == len(text)
    assert (cut.index("é"), cut[:33]) == (text.index("é"), nested(100)[:32] + '"')


@pytest.mark.parametrize(
    "text", ["", "[", "{", "[1", '{"a" 1}', "01", "<html>", "[" * 100_000, '{"a":' * 50_000, '["\\"']
)
def test_broken_json_is_told(text: str) -> None:
    with pytest.raises(MalformedJsonError, match=r"^is not JSON: "):
        read_json(text)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_told(constant: str) -> None:
    with pytest.raises(MalformedJsonError, match=f"^holds {constant}, which is no JSON number$"):
        read_json(f"[{constant}]")


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 500_000, "[" * 40 + '\\"' * 500_000, ("[" * 40 + "]" * 40 + ",") * 20_000]
)
def test_no_text_takes_long(text: str) -> None:
    # Looked at once for each quote or bracket, each of them would take minutes.
    assert len(cut_depths(text)) <= len(text)


@given(VALUES)
@settings(deadline=None)
def test_any_json_without_numbers_reads_as_it_is(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_json(nested(MOST_NESTING + 5, text)) == read_json(nested(MOST_NESTING, '""'))
