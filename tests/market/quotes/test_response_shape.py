import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.market.quotes.response_shape import Shape

VALUES: list[object] = [None, 1, 1.5, "x", True, [], {}]
ANSWERS = st.dictionaries(st.sampled_from(["id", "price", "roi", "new"]), st.sampled_from(VALUES))


def shape(answer: dict[str, object]) -> Shape:
    made = Shape.of_answer(json.dumps(answer))
    assert made is not None
    return made


KNOWN = shape({"id": "bitcoin", "price": 1.5, "roi": None})


@pytest.mark.parametrize(
    ("answer", "changes"),
    [
        ({"id": "ethereum", "price": 2.5, "roi": None}, ()),
        ({"id": "ethereum", "price": 2, "roi": None}, ()),
        ({"roi": None, "price": None, "id": None}, ()),
        ({"id": "x", "price": 1, "roi": {"times": 2}}, ()),
        ({"id": "x", "price": 1, "roi": None, "rank": 7}, ("new field rank (number)",)),
        ({"id": "x", "price": 1, "roi": None, "rank": None}, ("new field rank (null)",)),
        ({"id": "x", "roi": None}, ("field price is gone",)),
        ({"id": "x", "price": "1.5", "roi": None}, ("field price is string, was number",)),
        ({"id": "x", "price": [1], "roi": None}, ("field price is array, was number",)),
        ({"id": True, "price": {}, "roi": None}, ("field id is boolean, was string",
                                                  "field price is object, was number")),
        ({"name": "x", "price": 1, "roi": None}, ("field id is gone", "new field name (string)")),
    ],
)  # fmt: skip
def test_new_vanished_and_retyped_fields_are_told(
    answer: dict[str, object], changes: tuple[str, ...]
) -> None:
    assert KNOWN.changes_in(shape(answer)) == changes


def test_a_null_takes_its_type_from_the_first_value() -> None:
    typed = KNOWN.joined(shape({"id": "x", "price": 1, "roi": {}}))
    assert typed.changes_in(shape({"id": "x", "price": 1, "roi": 2})) == ("field roi is number, was object",)


def test_a_field_that_some_coins_lack_is_told_once() -> None:
    lacking, whole = shape({"id": "x", "roi": None}), shape({"id": "x", "price": 1, "roi": None})
    learnt = KNOWN.joined(lacking)
    assert [learnt.changes_in(seen) for seen in (whole, lacking, whole)] == [(), (), ()]


def test_many_changes_are_cut() -> None:
    changes = KNOWN.changes_in(shape({f"field_{number:02}": 1 for number in range(20)}))
    assert len(changes) == 11
    assert changes[-1] == "and 13 more changes"


def test_a_field_with_an_odd_name_is_told_on_one_short_line() -> None:
    (change,) = KNOWN.changes_in(shape({"id": "x", "price": 1, "roi": None, "a\n\x1b" + "b" * 999: 1}))
    assert change.isprintable()
    assert len(change) < 250


@pytest.mark.parametrize("text", ["9" * 5000, "1e99999999999999999999", "-0.5"])
def test_a_number_of_any_length_is_a_number(text: str) -> None:
    assert Shape.of_answer(f'{{"odd": {text}}}') == Shape.of_answer('{"odd": 1}')


def test_a_value_of_any_depth_has_a_type() -> None:
    deep = "[" * 1000 + "]" * 1000
    assert Shape.of_answer(f'{{"odd": {deep}, "a": true}}') == Shape.of_answer('{"odd": [], "a": false}')


@pytest.mark.parametrize("text", ["[1]", "1", "null", '"x"'])
def test_what_has_no_fields_has_no_shape(text: str) -> None:
    assert Shape.of_answer(text) is None


@given(ANSWERS)
def test_a_shape_reads_back(answer: dict[str, object]) -> None:
    document = json.loads(json.dumps(shape(answer).to_document()))
    assert Shape.from_document(document) == shape(answer)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"fields": []}, {"fields": {"id": 1}}, {"fields": {"id": {"types": 1}}}]
)
def test_what_is_no_shape_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="no shape"):
        Shape.from_document(document)


@given(ANSWERS, ANSWERS, ANSWERS)
@settings(deadline=None)
def test_the_order_of_answers_makes_no_difference(
    first: dict[str, object], second: dict[str, object], third: dict[str, object]
) -> None:
    one, two, three = shape(first), shape(second), shape(third)
    assert one.joined(two) == two.joined(one)
    assert one.joined(two).joined(three) == one.joined(two.joined(three))


@given(ANSWERS, ANSWERS)
@settings(deadline=None)
def test_what_was_learnt_is_not_told_again(first: dict[str, object], second: dict[str, object]) -> None:
    learnt = shape(first).joined(shape(second))
    assert learnt.changes_in(shape(first)) == learnt.changes_in(shape(second)) == ()
    assert learnt.joined(shape(second)) == learnt
