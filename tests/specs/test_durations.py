import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.checks.schema import load_schema
from pipeline_lib.specs.durations import parse_duration

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


LONGEST = {"s": 999_999, "m": 999_999, "h": 99_999, "d": 9_999}


@given(st.sampled_from("smhd").flatmap(lambda unit: st.tuples(st.integers(1, LONGEST[unit]), st.just(unit))))
@settings(deadline=None)
def test_a_duration_reads_back_as_what_was_written(duration: tuple[int, str]) -> None:
    count, unit = duration
    assert parse_duration(f"{count}{unit}") == timedelta(seconds=count * SECONDS[unit])


@given(st.text(max_size=8))
@settings(deadline=None)
def test_any_text_is_a_duration_above_zero_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) > timedelta(0)
    except ValueError as error:
        assert str(error) == f"{text!r} is not a duration such as 30s, 10m, 24h or 7d"  # noqa: PT017


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24",
        "h",
        "0h",
        "-1h",
        "+1h",
        "1.5h",
        "1 h",
        " 1h",
        "1h ",
        "1h\n",
        "1H",
        "1w",
        "1h30m",
        "01h",
        "٣h",
    ],
)
def test_other_text_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(("unit", "count"), LONGEST.items())
def test_no_duration_leads_out_of_the_calendar(unit: str, count: int) -> None:
    longest = parse_duration(f"{count}{unit}")
    assert datetime(1970, 1, 1, tzinfo=UTC) - longest < datetime(2199, 12, 31, tzinfo=UTC) + longest
    with pytest.raises(ValueError, match=f"'{count + 1}{unit}' is too long, a duration is up to 999999s,"):
        parse_duration(f"{count + 1}{unit}")


@pytest.mark.parametrize("definition", ["duration", "window"])
@given(count=st.integers(1, 10_000_000), unit=st.sampled_from("smhd"))
@settings(deadline=None)
def test_the_schema_allows_what_is_read(definition: str, count: int, unit: str) -> None:
    pattern = load_schema()["$defs"][definition]["pattern"]
    assert (re.search(pattern, f"{count}{unit}") is not None) == (count <= LONGEST[unit])


@given(st.integers(1, 10_000_000), st.sampled_from("smhd"))
@settings(deadline=None)
def test_a_wait_is_some_days_at_most(count: int, unit: str) -> None:
    longest = {"s": 99_999, "m": 9_999, "h": 99, "d": 9}
    pattern = load_schema()["$defs"]["wait"]["pattern"]
    assert (re.search(pattern, f"{count}{unit}") is not None) == (count <= longest[unit])
