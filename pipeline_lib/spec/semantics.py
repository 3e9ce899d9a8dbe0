"""What a JSON Schema can't say about a spec."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pipeline_lib.spec.cron import is_cron
from pipeline_lib.spec.durations import parse_duration
from pipeline_lib.spec.findings import Finding, show_value

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")


def find_semantic_breaks(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a complete ``document`` that satisfies the schema."""
    yield from _check_schedule(document["schedule"])
    yield from _check_windows(document["windows"])


def _check_schedule(schedule: str) -> Iterator[Finding]:
    if schedule in PRESETS:
        return
    path = ("schedule",)
    if schedule.startswith("@"):
        yield Finding(path, f"{show_value(schedule)} is not a preset", f"presets: {', '.join(PRESETS)}")
        return
    if not is_cron(schedule):
        yield Finding(
            path,
            f"{show_value(schedule)} is not a cron expression",
            "five fields: minute hour day month weekday, for example */15 * * * *",
        )


def _check_windows(labels: list[str]) -> Iterator[Finding]:
    longest = timedelta(0)
    for index, label in enumerate(labels):
        span = parse_duration(label)
        if span <= longest:
            yield Finding(
                ("windows", index),
                f"{label} is not longer than the window before it",
                "write windows from short to long",
            )
        longest = max(longest, span)
