import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.specs.checks.schema import load_schema
from pipeline_lib.specs.model import PipelineSpec
from pipeline_lib.specs.reading.completion import read_spec

SPECS = Path(__file__).parents[2] / "data" / "specs"
VALID = [path.read_text(encoding="utf-8") for path in sorted((SPECS / "good").glob("*.yaml"))]
LETTERS = "0123456789 -:*/,@#!&|>{}[]\"'\n\r\t~?%.aehnruLRW\x00\x85\ufeffé😀"


KEYS = st.one_of(
    st.sampled_from([*load_schema()["properties"], "prefix", "bucket", "max_age", "1h", "24h"]),
    st.text(max_size=3),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=9),
)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=5), st.dictionaries(KEYS, below, max_size=5)),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def spec_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "bitcoin.yaml"


@st.composite
def damaged_specs(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + draw(st.text(LETTERS, max_size=4)) + text[end:]
    return text


def assert_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        read = read_spec(path, None)
    except InvalidSpecsError as error:
        problems = error.diagnostics
        assert problems
    else:
        problems = ()
        assert isinstance(read, PipelineSpec)
    # YAML has more line breaks than one; the end of the text may count as a line of its own.
    lines = sum(content.count(end) for end in (b"\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"))
    for problem in problems:
        assert problem.file == path
        assert 1 <= problem.line <= lines + 2
        assert problem.column >= 1
        assert problem.message
        assert str(problem).isprintable()


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused_in_one_way(spec_file: Path, content: bytes) -> None:
    assert_read_or_refused(spec_file, content)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
@example("coin: !!bool maybe")
@example("&a {coin: *a}")
@example("é: 1\x01")
@example("retries: " + "9" * 5000)
@example("tags: " + "[" * 5000)
def test_any_text_is_refused_in_one_way(spec_file: Path, text: str) -> None:
    assert_read_or_refused(spec_file, text.encode())


@given(st.dictionaries(KEYS, VALUES, max_size=6))
@settings(max_examples=300, deadline=None)
@example({"s3": {"prefix": {"prefix": []}}})
@example({"tags": [{}, [], None, True, 1, 1.0, "1"]})
@example({"thresholds": [{"1h": 3}]})
def test_any_structure_is_read_or_refused_in_one_way(spec_file: Path, document: dict[str, object]) -> None:
    complete = {"spec_version": 1, "coin": "bitcoin", "schedule": "@hourly", **document}
    assert_read_or_refused(spec_file, json.dumps(complete).encode())


@given(damaged_specs())
@settings(max_examples=500, deadline=None)
def test_a_damaged_spec_is_read_or_refused_in_one_way(spec_file: Path, text: str) -> None:
    assert_read_or_refused(spec_file, text.encode())


@given(st.lists(st.text("0123456789*/-,LW#?rhRHmonfrijan", min_size=1, max_size=9), min_size=5, max_size=5))
@settings(max_examples=300, deadline=None)
@example(["R", "*", "*", "*", "*"])
@example(["0", "0", "31", "2", "*"])
def test_any_five_words_are_a_schedule_or_refused(spec_file: Path, fields: list[str]) -> None:
    schedule = " ".join(fields)
    assert_read_or_refused(spec_file, f'spec_version: 1\ncoin: bitcoin\nschedule: "{schedule}"\n'.encode())
