import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.yaml.text import Position, YamlSyntaxError, find_position, has_path, parse_yaml

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"

# What YAML allows unescaped, without the line breaks that JSON doesn't know as such.
LETTERS = st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"])
TEXTS = st.text(LETTERS, max_size=10)
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300)
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
DATA = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(TEXTS, below, max_size=4)),
    max_leaves=12,
).filter(lambda data: depth(data) < 20)


def render(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


def depth(data: object) -> int:
    below = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + max((depth(item) for item in below), default=0)


def places(data: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    steps: Iterable[tuple[str | int, Json]] = ()
    if isinstance(data, dict):
        steps = data.items()
    elif isinstance(data, list):
        steps = enumerate(data)
    for step, below in steps:
        yield (*path, step), below
        yield from places(below, (*path, step))


@given(DATA)
@settings(max_examples=200, deadline=None)
def test_json_reads_as_what_it_says(data: Json) -> None:
    assert parse_yaml(json.dumps(data, ensure_ascii=False)) == data
    assert parse_yaml(render(data)) == data


@given(st.dictionaries(TEXTS, st.one_of(st.lists(TEXTS, max_size=3), TEXTS), max_size=4))
@settings(deadline=None)
def test_quoted_yaml_reads_as_what_it_says(data: dict[str, Any]) -> None:
    assert parse_yaml(yaml.safe_dump(data, default_style='"', allow_unicode=True)) == data


@given(DATA)
@settings(max_examples=200, deadline=None)
def test_every_position_points_at_its_key_or_item(data: Json) -> None:
    text = render(data)
    lines = text.split("\n")
    for path, value in places(data):
        assert has_path(data, path)
        position = find_position(text, path)
        found = lines[position.line - 1][position.column - 1 :]
        wanted = f"{render(path[-1])}:" if isinstance(path[-1], str) else render(value)
        assert found.startswith(wanted.split("\n")[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
        ("0", 0), ("-7", -7), ("+7", 7), ("1.50", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0),
        ("9" * 100, int("9" * 100)), ("9" * 101, 1e101), ("1e999", math.inf),
    ],
)  # fmt: skip
def test_plain_words_of_json_have_their_types(text: str, value: object) -> None:
    read = parse_yaml(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "True",
        "FALSE",
        "Null",
        "NULL",
        "1:30",
        "12:30:45",
        "2024-01-01",
        "2001-12-14T21:59:43Z",
        "0x1F",
        "0o17",
        "0b1",
        "1_000",
        ".inf",
        "-.inf",
        ".nan",
        "1e",
        "1.2.3",
        "=",
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert parse_yaml(text) == text


def test_keys_are_text_as_written() -> None:
    assert parse_yaml("1: a\n2.50: b\ntrue: c\n~: d\n1h: e") == {
        "1": "a", "2.50": "b", "true": "c", "~": "d", "1h": "e"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\nb: {c: 2, c: 3}", 2, 11, "the key 'c' stands twice"),
        ('1: x\n"1": y', 2, 1, "the key '1' stands twice"),
        ("{[a]: 1}", 1, 2, "a key must be plain text"),
        ("a: !!str b", 1, 4, "a tag isn't allowed"),
        ("a: ! b", 1, 4, "a tag isn't allowed"),
        ("- !!set {}", 1, 3, "a tag isn't allowed"),
        ("- &a b\n- *a", 2, 3, "an alias isn't allowed; write the value out"),
        ("a\n---\nb", 2, 1, "a second document isn't allowed"),
        ("[" * 21 + "]" * 21, 1, 21, "more than 20 levels"),
        ("a: b\n\x1b", 2, 1, "the character #x1b isn't allowed"),
        ("é😀: b\x7f", 1, 6, "the character #x7f isn't allowed"),
        ("a:\n\tb: 1", 2, 1, "a tab can't indent a line"),
    ],
)
def test_a_mistake_has_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(YamlSyntaxError) as caught:
        parse_yaml(text)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)


def test_twenty_levels_are_read() -> None:
    assert json.dumps(parse_yaml("[" * 20 + "]" * 20)) == "[" * 20 + "]" * 20


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((), Position(1, 1)),
        (("s3",), Position(2, 1)),
        (("s3", "prefix"), Position(3, 3)),
        (("s3", "missing"), Position(2, 1)),
        (("missing", "below"), Position(1, 1)),
        (("tags", 1), Position(4, 11)),
        (("tags", 2), Position(4, 1)),
        (("tags", "x"), Position(4, 1)),
    ],
)
def test_a_missing_key_is_placed_at_its_nearest_parent(
    path: tuple[str | int, ...], position: Position
) -> None:
    assert find_position("coin: x\ns3:\n  prefix: y\ntags: [a, b]\n", path) == position


@pytest.mark.parametrize("path", [("b",), ("a", 2), ("a", "0"), ("a", 0, "x"), ("a", "b", "c")])
def test_a_path_that_is_not_there_is_not_there(path: tuple[str | int, ...]) -> None:
    assert not has_path({"a": [1, 2]}, path)
