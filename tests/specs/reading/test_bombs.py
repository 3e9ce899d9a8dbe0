"""Texts that are small and would be endless work: what stops them is told, not how long it took."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.specs import OneCoin
from pipeline_lib.specs.reading.completion import read_spec

SPECS = Path(__file__).parents[2] / "data" / "specs"
LIMIT = 64 * 1024


def refusal_of(path: Path) -> str:
    with pytest.raises(InvalidSpecsError) as caught:
        read_spec(path, None)
    return str(caught.value.diagnostics[0]).removeprefix(f"{path}:")


def memory_of_refusing(path: Path) -> int:
    tracemalloc.start()
    try:
        refusal_of(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("unit", "refusal"),
    [
        ("[", "1:21: more than 20 levels"),
        ("{", "1:21: more than 20 levels"),
        ("[{", "1:21: more than 20 levels"),
        ("- ", "1:41: more than 20 levels"),
        ("? ", "1:41: more than 20 levels"),
        ("[! ", "1:2: a tag isn't allowed"),
        ("---\n", "2:1: a second document isn't allowed"),
        ("- x\n", "1:1: more than 500 keys and values"),
        ("- []\n", "1:1: more than 500 keys and values"),
        ("- &a x\n", "2:3: second occurrence"),
        ("%FOO\n", "1:5: found unknown directive name"),
    ],
)
def test_64_kib_of_one_thing_are_refused_at_their_start(
    write: Callable[[str, str], Path], unit: str, refusal: str
) -> None:
    text = unit * (LIMIT // len(unit))
    assert refusal_of(write("bitcoin.yaml", text)) == refusal


@pytest.mark.parametrize(
    ("start", "unit", "refusal"),
    [
        ("description: ", "x", "4:1: description: 'xxx"),
        ("description: |\n", " x\n", r"4:1: description: 'x\nx\n"),
        ("retries: ", "9", "4:1: retries: inf is not a whole number"),
        ("schedule: ", "0-59,", "4:1: the key 'schedule' stands twice"),
        ("s3: {prefix: ", "a/", "5:1: what begins in line 4 goes on here without a comma"),
        ("x: [", "1, a, ", "4:4: more than 500 keys and values"),
        ("s3: {", '"\\u0061": 1, ', "4:5: more than 500 keys and values"),
    ],
)
def test_a_spec_with_64_kib_in_one_place_is_refused_there(
    write: Callable[[str, str], Path], minimal: str, start: str, unit: str, refusal: str
) -> None:
    text = minimal + start
    text += unit * ((LIMIT - len(text)) // len(unit))
    assert refusal_of(write("bitcoin.yaml", text)).startswith(refusal)


@pytest.mark.parametrize("unit", [" ", "- ", "a ", "a:", '"', "'", " -", "\t", "a"])
def test_a_mistake_after_64_kib_of_anything_is_explained(
    write: Callable[[str, str], Path], minimal: str, unit: str
) -> None:
    end = "\n b: c: d\n"
    text = f"{minimal}x{unit * ((LIMIT - len(minimal) - len(end) - 1) // len(unit))}{end}"
    assert refusal_of(write("bitcoin.yaml", text))


def test_a_long_schedule_is_refused_before_it_is_worked_out(
    write: Callable[[str, str], Path], minimal: str
) -> None:
    text = minimal.replace("@hourly", "0-59," * 10_000 + "0 * * * *")
    assert "is longer than 100 characters" in refusal_of(write("bitcoin.yaml", text))


def test_many_keys_are_refused_before_they_are_told_one_by_one(
    write: Callable[[str, str], Path], minimal: str
) -> None:
    text = minimal + "".join(f"key{number}: 1\n" for number in range(5000))
    assert refusal_of(write("bitcoin.yaml", text)) == "1:1: more than 500 keys and values"


def test_as_many_values_as_allowed_are_told_one_by_one(
    write: Callable[[str, str], Path], minimal: str
) -> None:
    path = write("bitcoin.yaml", minimal + "tags: [" + "1, " * 491 + "]\n")
    with pytest.raises(InvalidSpecsError) as caught:
        read_spec(path, None)
    assert len(caught.value.diagnostics) == 492
    assert caught.value.diagnostics[-1].key == "tags.490"


def test_an_alias_bomb_takes_little_memory() -> None:
    assert memory_of_refusing(SPECS / "bad" / "syntax" / "alias_bomb.yaml") < 2**20


def test_of_a_huge_file_only_the_start_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bitcoin.yaml"
    path.touch()
    os.truncate(path, 2**30)
    assert refusal_of(path) == "1:1: is larger than 64 KiB"
    assert memory_of_refusing(path) < 2**20


def test_64_kib_are_read(write: Callable[[str, str], Path], minimal: str) -> None:
    text = minimal + "#" * (LIMIT - len(minimal) - 1) + "\n"
    assert read_spec(write("bitcoin.yaml", text), None).coins == OneCoin("bitcoin")
