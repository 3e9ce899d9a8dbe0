from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment, to_moment

OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(timezones=st.just(UTC))
# Far enough from the ends of the calendar for every offset.
AWARE = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 (Hypothesis adds the zone)
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=OFFSETS,
)
MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@given(TIMES)
@settings(deadline=None)
def test_a_moment_reads_back_as_itself(time: datetime) -> None:
    moment = to_moment(time)
    assert parse_moment(format_moment(moment)) == moment
    assert parse_moment(format_key(moment)) == moment


@given(AWARE)
@settings(deadline=None)
def test_a_moment_is_the_same_time_in_utc_to_the_second(time: datetime) -> None:
    moment = to_moment(time)
    assert moment.tzinfo is UTC
    assert moment.microsecond == 0
    assert timedelta(0) <= time - moment < timedelta(seconds=1)
    assert to_moment(moment) == moment


@given(TIMES, TIMES)
@settings(deadline=None)
def test_texts_sort_as_their_moments(first: datetime, second: datetime) -> None:
    earlier, later = sorted((to_moment(first), to_moment(second)))
    assert format_key(earlier) <= format_key(later)
    assert format_moment(earlier) <= format_moment(later)


@given(AWARE)
@settings(deadline=None)
def test_an_offset_is_brought_to_utc(time: datetime) -> None:
    assert parse_moment(time.isoformat()) == to_moment(time)


def test_moments_have_two_forms() -> None:
    assert format_moment(MOMENT) == "2018-02-05T14:00:00Z"
    assert format_key(MOMENT) == "20180205T140000Z"
    assert format_moment(datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC)) == "0999-01-02T03:04:05Z"


def test_forms_are_in_utc_whatever_the_zone() -> None:
    elsewhere = datetime(2018, 2, 5, 19, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert format_moment(elsewhere) == "2018-02-05T14:00:00Z"
    assert format_key(elsewhere) == "20180205T140000Z"


@pytest.mark.parametrize(
    "text",
    ["2018-02-05T14:00:00Z", "2018-02-05T14:00:00.999Z", "2018-02-05T15:00:00+01:00", "20180205T140000Z"],
)
def test_iso_times_with_a_zone_are_read(text: str) -> None:
    assert parse_moment(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2018-02-05",
        "2018-02-05T14:00:00",
        "2018-02-30T00:00:00Z",
        "2018-02-05T25:00:00Z",
        "1517839200",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
    ],
)
def test_other_text_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_moment(text)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2018, 2, 5, 14)  # noqa: DTZ001
    for function in (to_moment, format_moment, format_key):
        with pytest.raises(ValueError, match=r"^2018-02-05T14:00:00 has no time zone$"):
            function(naive)


@given(st.text(max_size=30))
@settings(deadline=None)
def test_any_text_is_a_moment_or_a_value_error(text: str) -> None:
    try:
        moment = parse_moment(text)
    except ValueError:
        return
    assert parse_moment(format_moment(moment)) == moment
