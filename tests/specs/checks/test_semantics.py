import zoneinfo
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.semantics import find_semantic_violations
from pipeline_lib.specs.schedules.cron import PRESETS


def violations(
    schedule: str = "@hourly",
    windows: Sequence[str | float] = ("24h", "7d"),
    start_date: str = "2024-01-01",
    alerts: Mapping[str, Any] = MappingProxyType({}),
    s3: Mapping[str, str] = MappingProxyType({}),
    timezone: str = "UTC",
) -> list[Diagnostic]:
    document: dict[str, Any] = {
        "schedule": schedule,
        "timezone": timezone,
        "start_date": start_date,
        "windows": windows,
        "alerts": alerts,
        "s3": s3,
    }
    return list(find_semantic_violations(document))


@pytest.mark.parametrize(
    "schedule", [*PRESETS, "* * * * *", "*/15 * * * *", "0 6 * * mon-fri", "0 0 29 2 *", "  0  0 1 1 * "]
)
def test_a_schedule_that_comes_round_is_fine(schedule: str) -> None:
    assert violations(schedule) == []


@pytest.mark.parametrize(
    "schedule",
    [
        "hourly",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "* 24 * * *",
        "0 0 0 * *",
        "0 0 31 4 *",
        "0 0 30 2 *",
        "R * * * *",
        "* r(0-5) * * *",
        "H * * * *",
        "*/0 * * * *",
        "5-1-2 * * * *",
    ],
)
def test_a_schedule_that_is_no_cron_expression_is_told(schedule: str) -> None:
    (violation,) = violations(schedule)
    assert violation.path == ("schedule",)
    assert violation.message == f"{schedule!r} is not a cron expression"


@pytest.mark.parametrize(
    "prefix", ["CRON_TZ=Europe/Berlin ", "TZ=Europe/Berlin  ", " CRON_TZ=Europe/Berlin\t"]
)
def test_a_zone_in_the_cron_expression_is_told_where_it_belongs(prefix: str) -> None:
    assert violations(f"{prefix}0 9 * * *") == [
        Diagnostic(
            ("schedule",),
            f"{f'{prefix}0 9 * * *'!r} has a time zone in it",
            'write schedule: "0 9 * * *" and, as a key of its own, timezone: Europe/Berlin',
        )
    ]


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_time_zone_of_the_iana_list_is_fine(timezone: str) -> None:
    assert violations(timezone=timezone) == []


@pytest.mark.parametrize(
    ("timezone", "hint"),
    [
        ("Berlin", "did you mean 'Europe/Berlin'?"),
        ("Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ("Europe/berlin", "did you mean 'Europe/Berlin'?"),
        ("New_York", "did you mean 'America/New_York'?"),
        ("Utc", "did you mean 'UTC'?"),
        ("PST", "an IANA name, for example Europe/Berlin"),
        ("Europe", "an IANA name, for example Europe/Berlin"),
    ],
)
def test_an_unknown_time_zone_is_told_with_what_may_be_meant(timezone: str, hint: str) -> None:
    (violation,) = violations(timezone=timezone)
    assert violation == Diagnostic(("timezone",), f"{timezone!r} is not a time zone of this machine", hint)


def test_a_machine_without_time_zones_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> object:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", refuse)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    (violation,) = violations(timezone="Europe/Berlin")
    assert violation.hint == "this machine has no time zones at all: install the package tzdata"


@pytest.mark.parametrize("schedule", ["@Hourly", "@once", "@continuous", "@", "@hourly "])
def test_an_unknown_preset_is_told_with_the_known_ones(schedule: str) -> None:
    assert violations(schedule) == [
        Diagnostic(
            ("schedule",),
            f"{schedule!r} is not a preset",
            "presets: @hourly, @daily, @weekly, @monthly, @quarterly, @yearly",
        )
    ]


@pytest.mark.parametrize("start_date", ["1970-01-01", "2199-12-31"])
def test_a_start_within_reach_is_fine(start_date: str) -> None:
    assert violations(start_date=start_date) == []


@pytest.mark.parametrize("start_date", ["0001-01-01", "1969-12-31", "2200-01-01", "9999-12-31"])
def test_a_start_at_the_ends_of_the_calendar_is_told(start_date: str) -> None:
    (violation,) = violations(start_date=start_date)
    assert violation.path == ("start_date",)
    assert violation.message == f"{start_date} is not in a year from 1970 to 2199"


@given(st.lists(st.integers(1, 999_999), min_size=1, max_size=10, unique=True).map(sorted))
@settings(deadline=None)
def test_windows_that_grow_are_fine(seconds: list[int]) -> None:
    assert violations(windows=[f"{count}s" for count in seconds]) == []


@pytest.mark.parametrize(
    ("windows", "places"),
    [
        (["60s", "1m"], [1]),
        (["7d", "24h"], [1]),
        (["1d", "30h", "25h", "26h", "2d"], [2, 3]),
        (["1d"], []),
        ([20, 50], []),
        ([50, 20], [1]),
        ([20, 20.0], [1]),
        (["1h", 20, "1d", 50, "2h", 30], [4, 5]),
        ([100, "1h", 200, "1d"], []),
    ],
)
def test_a_window_not_longer_than_those_of_its_kind_before_it_is_told(
    windows: list[str | float], places: list[int]
) -> None:
    assert [violation.path for violation in violations(windows=windows)] == [
        ("windows", place) for place in places
    ]


def test_a_webhook_in_two_places_is_told() -> None:
    assert violations(alerts={"connection": "slack"}) == []
    assert violations(alerts={"webhook_variable": "SLACK_WEBHOOK_URL_MAJORS"}) == []
    (violation,) = violations(alerts={"connection": "slack", "webhook_variable": "SLACK_WEBHOOK_URL_MAJORS"})
    assert violation.path == ("alerts", "webhook_variable")
    assert violation.message == "the connection names a webhook already"


def test_everything_wrong_is_told_at_once() -> None:
    assert [violation.path for violation in violations("never", ["2h", "1h"])] == [
        ("schedule",),
        ("windows", 1),
    ]


@pytest.mark.parametrize("rule", ["z_score", "robust_z_score"])
def test_a_rule_may_have_any_of_the_windows(rule: str) -> None:
    assert violations(windows=("24h", 20), alerts={rule: {"window": "24h"}}) == []
    assert violations(windows=("24h", 20), alerts={rule: {"window": 20}}) == []
    assert violations(windows=("24h", 20), alerts={rule: {}}) == []


@pytest.mark.parametrize("rule", ["z_score", "robust_z_score"])
def test_a_rule_over_no_window_of_the_spec_is_told(rule: str) -> None:
    (violation,) = violations(windows=("24h", 20), alerts={rule: {"window": "7d"}})
    assert violation == Diagnostic(
        ("alerts", rule, "window"), "7d is not one of the windows", "windows: 24h, 20"
    )


def test_a_kms_key_without_kms_is_told() -> None:
    assert violations(s3={"kms_key_id": "k", "encryption": "aws:kms"}) == []
    for section in ({"kms_key_id": "k"}, {"kms_key_id": "k", "encryption": "AES256"}):
        (violation,) = violations(s3=section)
        assert violation.path == ("s3", "kms_key_id")
