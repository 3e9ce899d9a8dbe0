from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.durations import parse_duration

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
@settings(deadline=None)
def test_a_duration_reads_back_as_what_was_written(count: int, unit: str) -> None:
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
