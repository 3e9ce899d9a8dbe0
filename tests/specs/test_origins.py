from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.errors import InvalidSpecsError, UnknownKeyError
from pipeline_lib.specs import Catalog, Sources
from pipeline_lib.specs.origins import Origin, Place, explain_key, trace

Write = Callable[[str, str], Path]


@pytest.fixture
def read(write: Write, tmp_path: Path, minimal: str) -> Callable[[str, str], Sources]:
    """The sources of a minimal spec with more lines, from line 4 on, over defaults."""

    def read(more: str, defaults: str) -> Sources:
        write("bitcoin.yaml", minimal + more)
        write("_defaults.yaml", defaults or "{}\n")
        return Catalog(tmp_path).sources("bitcoin")

    return read


Read = Callable[[str, str], Sources]


def by_key(sources: Sources) -> dict[str, Origin]:
    return {origin.key: origin for origin in trace(sources)}


@pytest.mark.parametrize(
    ("more", "defaults", "expected"),
    [
        ("", "", ("coin", "bitcoin", "bitcoin.yaml:2")),
        ("", "", ("owner", "data-engineering", None)),
        ("", "owner: me\n", ("owner", "me", "_defaults.yaml:1")),
        ("owner: you\n", "owner: me\n", ("owner", "you", "bitcoin.yaml:4")),
        ("owner: null\n", "owner: me\n", ("owner", "data-engineering", None)),
        ("", "owner: null\n", ("owner", "data-engineering", None)),
        ("thresholds: {1h: 5}\n", "", ("thresholds.24h", 8, None)),
        ("thresholds: {1h: 5}\n", "thresholds:\n  24h: 9\n", ("thresholds.24h", 9, "_defaults.yaml:2")),
        ("thresholds:\n  1h: 5\n", "thresholds:\n  1h: 9\n", ("thresholds.1h", 5, "bitcoin.yaml:5")),
        ("thresholds: null\n", "thresholds: {1h: 9}\n", ("thresholds.1h", 3, None)),
        ("thresholds: {1h: null}\n", "thresholds: {1h: 9}\n", ("thresholds.1h", 3, None)),
        ("thresholds: {}\n", "thresholds: null\n", ("thresholds.1h", 3, None)),
        ("windows: [1h]\n", "windows: [2h, 3h]\n", ("windows", ["1h"], "bitcoin.yaml:4")),
        ("s3: {prefix: p}\n", "s3: text\n", ("s3.prefix", "p", "bitcoin.yaml:4")),
        ("tags: []\n", "tags: [a]\n", ("tags", [], "bitcoin.yaml:4")),
        ("retries: 0\n", "retries: 5\n", ("retries", 0, "bitcoin.yaml:4")),
    ],
)
def test_a_value_comes_from_the_first_that_sets_it(
    read: Read, tmp_path: Path, more: str, defaults: str, expected: tuple[str, object, str | None]
) -> None:
    origin = by_key(read(more, defaults))[expected[0]]
    found = f"{origin.place.file.relative_to(tmp_path)}:{origin.place.line}" if origin.place else None
    assert (origin.key, origin.value, found) == expected


def test_the_origins_are_the_whole_effective_spec(read: Read) -> None:
    sources = read("s3: {prefix: p}\n", "owner: me\n")
    assert [origin.key for origin in trace(sources)] == [
        "spec_version",
        "coin",
        "vs_currency",
        "schedule",
        "timezone",
        "start_date",
        "catchup",
        "owner",
        "tags",
        "retries",
        "retry_delay",
        "timeout",
        "windows",
        "thresholds.1h",
        "thresholds.24h",
        "alerts.on_backfill",
        "alerts.clear_level",
        "quality.max_age",
        "quality.max_jump",
        "s3.prefix",
        "s3.layout",
    ]


def test_a_spec_without_defaults_has_origins_too(write: Write, minimal: str) -> None:
    path = write("bitcoin.yaml", minimal)
    assert by_key(Catalog(path.parent).sources("bitcoin"))["coin"].place == Place(path, 2)


def test_an_invalid_spec_has_none(read: Read) -> None:
    with pytest.raises(InvalidSpecsError):
        trace(read("retries: many\n", ""))


def test_a_key_is_explained_in_the_schemas_words(read: Read) -> None:
    explanation = explain_key(read("", ""), "thresholds.1h")
    assert (explanation.key, [origin.value for origin in explanation.origins]) == ("thresholds.1h", [3])
    assert explanation.description == "Move over the last hour, in percent."
    assert explanation.examples == (3, 1.5)
    assert explanation.taken_away is None


def test_a_section_is_explained_by_what_is_in_it(read: Read) -> None:
    explanation = explain_key(read("", ""), "thresholds")
    assert [origin.key for origin in explanation.origins] == ["thresholds.1h", "thresholds.24h"]


@pytest.mark.parametrize(
    ("more", "defaults", "key", "line"),
    [
        ("s3: null\n", "s3: {bucket: b-1, prefix: p}\n", "s3", 4),
        ("s3: null\n", "s3: {bucket: b-1, prefix: p}\n", "s3.bucket", 4),
        ("s3:\n  bucket: null\n  prefix: p\n", "s3: {bucket: b-1}\n", "s3.bucket", 5),
        ("s3: {prefix: p}\n", "s3:\n  bucket: null\n", "s3.bucket", 2),
        ("", "", "s3", None),
        ("alerts: {}\n", "", "alerts.connection", None),
        ("", "", "description", None),
    ],
)
def test_what_is_not_set_may_have_been_taken_away(
    read: Read, more: str, defaults: str, key: str, line: int | None
) -> None:
    explanation = explain_key(read(more, defaults), key)
    assert explanation.origins == ()
    assert (explanation.taken_away.line if explanation.taken_away else None) == line


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("shedule", "did you mean 'schedule'?"),
        ("thresholds.1d", "did you mean 'thresholds.1h'?"),
        ("bucket", "did you mean 's3.bucket'?"),
        ("1h", "did you mean 'thresholds.1h'?"),
        ("windows.0", "did you mean 'windows'?"),
    ],
)
def test_an_unknown_key_is_refused(read: Read, key: str, hint: str) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        explain_key(read("", ""), key)
    assert (caught.value.key, caught.value.hint) == (key, hint)


def test_a_key_like_no_other_is_answered_with_all(read: Read) -> None:
    with pytest.raises(
        UnknownKeyError, match=r"\(known keys: spec_version, description, .*s3\.storage_class\)$"
    ):
        explain_key(read("", ""), "zzz")
