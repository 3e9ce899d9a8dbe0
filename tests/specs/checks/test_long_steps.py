from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline_lib.model.diagnostic import Severity
from pipeline_lib.specs import Schedule
from pipeline_lib.specs.checks.long_steps import find_long_steps
from pipeline_lib.specs.reading.completion import read_spec

MINIMAL = read_spec(Path(__file__).parents[2] / "data" / "specs" / "good" / "minimal.yaml", None)
NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)


def warnings(expression: str, timezone: str = "UTC") -> list[tuple[str, str]]:
    spec = replace(MINIMAL, schedule=Schedule(expression, timezone))
    found = list(find_long_steps([spec], NOW))
    assert all(name == MINIMAL.name for name, _ in found)
    assert all((each.path, each.severity) == (("schedule",), Severity.WARNING) for _, each in found)
    return [(each.message, each.hint) for _, each in found]


@pytest.mark.parametrize(
    ("expression", "message", "runs"),
    [
        (
            "*/90 * * * *",
            "the step of */90 is longer than its 60 minutes: only minute 0 is left",
            "2026-03-28T13:00:00Z, 2026-03-28T14:00:00Z, 2026-03-28T15:00:00Z",
        ),
        (
            "0 */36 * * *",
            "the step of */36 is longer than its 24 hours: only hour 0 is left",
            "2026-03-29T00:00:00Z, 2026-03-30T00:00:00Z, 2026-03-31T00:00:00Z",
        ),
        (
            "0 0 */45 * *",
            "the step of */45 is longer than its 31 days: only day 1 is left",
            "2026-04-01T00:00:00Z, 2026-05-01T00:00:00Z, 2026-06-01T00:00:00Z",
        ),
        (
            "0 0 1 */18 *",
            "the step of */18 is longer than its 12 months: only month 1 is left",
            "2027-01-01T00:00:00Z, 2028-01-01T00:00:00Z, 2029-01-01T00:00:00Z",
        ),
        (
            "0 0 * * */14",
            "the step of */14 is longer than its 7 weekdays: only weekday 0 is left",
            "2026-03-29T00:00:00Z, 2026-04-05T00:00:00Z, 2026-04-12T00:00:00Z",
        ),
        (
            "0 8-18/12 * * *",
            "the step of 8-18/12 is longer than its 11 hours: only hour 8 is left",
            "2026-03-29T08:00:00Z, 2026-03-30T08:00:00Z, 2026-03-31T08:00:00Z",
        ),
        (
            "50/15 * * * *",
            "the step of 50/15 is longer than its 10 minutes: only minute 50 is left",
            "2026-03-28T12:50:00Z, 2026-03-28T13:50:00Z, 2026-03-28T14:50:00Z",
        ),
        (
            "0 0 * * mon-FRI/7",
            "the step of mon-FRI/7 is longer than its 5 weekdays: only weekday mon is left",
            "2026-03-30T00:00:00Z, 2026-04-06T00:00:00Z, 2026-04-13T00:00:00Z",
        ),
    ],
)
def test_a_step_longer_than_its_field_is_told_with_the_next_runs(
    expression: str, message: str, runs: str
) -> None:
    assert warnings(expression) == [(message, f"the next runs: {runs}")]


def test_each_part_and_field_is_looked_at() -> None:
    messages = [message for message, _ in warnings("5,*/61 1-2/3,4 * * *")]
    assert [message.split()[3] for message in messages] == ["*/61", "1-2/3"]


@pytest.mark.parametrize(
    "expression",
    [
        *("*/60 * * * *", "*/59 * * * *", "0 */24 * * *", "0 0 */31 * *", "0 0 1 */12 *", "0 0 * * */7"),
        *("@hourly", "0 0 L * *", "0 0 * * 5#2", "0 8-18/11 * * *", "*/7 * * * *", "0 0 * jan-mar/3 *"),
    ],
)
def test_a_step_that_fits_is_fine(expression: str) -> None:
    assert warnings(expression) == []


def test_the_next_runs_are_those_of_the_time_zone() -> None:
    ((_, hint),) = warnings("30 2/30 * * *", "Europe/Berlin")
    assert hint == "the next runs: 2026-03-29T01:30:00Z, 2026-03-30T00:30:00Z, 2026-03-31T00:30:00Z"


def test_rare_runs_are_found() -> None:
    ((_, hint),) = warnings("0 */99 29 2 *")
    assert hint == "the next runs: 2028-02-29T00:00:00Z, 2032-02-29T00:00:00Z, 2036-02-29T00:00:00Z"
