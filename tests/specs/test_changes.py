from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.specs import Catalog
from pipeline_lib.specs.changes import Kind, PipelineChange, State, ValueChange, compare

Folder = Callable[..., State]

NOTHING = State(frozenset(), {})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The state of a folder with these texts, by name of file."""

    def folder(**texts: str) -> State:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        for name, text in texts.items():
            (place / f"{name}.yaml").write_text(text, encoding="utf-8")
        return State.of(Catalog(place), Catalog(place).load_all())

    return folder


def test_the_same_is_no_change(folder: Folder, minimal: str) -> None:
    assert compare(NOTHING, NOTHING) == ()
    assert compare(folder(bitcoin=minimal), folder(bitcoin=minimal)) == ()


def test_what_means_the_same_is_no_change(folder: Folder, minimal: str) -> None:
    written_out = f"{minimal}retries: 3.0\nthresholds: {{1h: 3.0}}\nalerts: {{}}\ns3: null\n"
    assert compare(folder(bitcoin=minimal), folder(bitcoin=written_out)) == ()


def test_a_new_file_is_a_pipeline_with_all_its_values(folder: Folder, minimal: str) -> None:
    (change,) = compare(NOTHING, folder(bitcoin=minimal))
    assert (change.name, change.kind) == ("bitcoin", Kind.ADDED)
    assert ValueChange("coin", None, "bitcoin") in change.values
    assert ValueChange("thresholds.1h", None, 3) in change.values
    assert all(value.old is None for value in change.values)


def test_a_file_that_is_gone_is_a_pipeline_less(folder: Folder, minimal: str) -> None:
    (change,) = compare(folder(bitcoin=minimal), NOTHING)
    assert (change.name, change.kind) == ("bitcoin", Kind.REMOVED)
    assert all(value.new is None for value in change.values)


def test_a_section_that_comes_brings_its_defaults(folder: Folder, minimal: str) -> None:
    old, new = folder(bitcoin=minimal), folder(bitcoin=f"{minimal}s3: {{prefix: p}}\n")
    (change,) = compare(old, new)
    assert change.values == (
        ValueChange("s3.prefix", None, "p"),
        ValueChange("s3.layout", None, "complete"),
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("owner: me", ValueChange("owner", "data-engineering", "me")),
        ("windows: [1h]", ValueChange("windows", ["24h", "7d"], ["1h"])),
        ("thresholds: {24h: 9.5}", ValueChange("thresholds.24h", 8, 9.5)),
        ("quality: {max_age: 1h}", ValueChange("quality.max_age", "10m", "1h")),
        ("alerts: {connection: c}", ValueChange("alerts.connection", None, "c")),
        ("description: text", ValueChange("description", None, "text")),
    ],
)
def test_a_key_that_differs_has_both_values_either_way(
    folder: Folder, minimal: str, line: str, value: ValueChange
) -> None:
    old, new = folder(bitcoin=minimal), folder(bitcoin=f"{minimal}{line}\n")
    assert compare(old, new) == (PipelineChange("bitcoin", Kind.CHANGED, (value,)),)
    back = ValueChange(value.key, value.new, value.old)
    assert compare(new, old) == (PipelineChange("bitcoin", Kind.CHANGED, (back,)),)


def test_values_from_the_defaults_count(folder: Folder, minimal: str) -> None:
    old = folder(bitcoin=minimal, ethereum=f"{minimal}owner: me\n")
    new = folder(bitcoin=minimal, ethereum=f"{minimal}owner: me\n", _defaults="owner: all\n")
    assert [change.name for change in compare(old, new)] == ["bitcoin"]


def test_keys_come_in_the_schemas_order_and_pipelines_by_name(folder: Folder, minimal: str) -> None:
    old = folder(c=minimal, b=minimal)
    new = folder(a=minimal, b=f"s3: {{prefix: p}}\nthresholds: {{24h: 1, 1h: 1}}\nowner: me\n{minimal}")
    changes = compare(old, new)
    assert [change.name for change in changes] == ["a", "b", "c"]
    assert [value.key for value in changes[1].values] == [
        "owner",
        "thresholds.1h",
        "thresholds.24h",
        "s3.prefix",
        "s3.layout",
    ]


@pytest.mark.parametrize(("old", "new"), [("x: [", "{valid}"), ("{valid}", "x: ["), ("x: [", "x: [")])
def test_what_is_invalid_on_either_side_is_not_compared(
    folder: Folder, minimal: str, old: str, new: str
) -> None:
    before = folder(bitcoin=old.format(valid=minimal))
    after = folder(bitcoin=new.format(valid=minimal))
    assert compare(before, after) == (PipelineChange("bitcoin", Kind.INVALID, ()),)


def test_an_invalid_file_that_comes_or_goes_is_invalid(folder: Folder) -> None:
    broken = folder(bitcoin="x: [")
    expected = (PipelineChange("bitcoin", Kind.INVALID, ()),)
    assert compare(NOTHING, broken) == expected
    assert compare(broken, NOTHING) == expected
