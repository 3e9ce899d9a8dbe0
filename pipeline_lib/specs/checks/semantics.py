"""What a JSON Schema can't say about a spec."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pipeline_lib.common.timestamps import FIRST_OF_A_RUN, LAST_OF_A_RUN
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.settings import is_safe_url
from pipeline_lib.specs.checks.schema_violations import show_value
from pipeline_lib.specs.durations import parse_duration
from pipeline_lib.specs.schedules.cron import PRESETS, is_cron

_FIRST_YEAR, _LAST_YEAR = FIRST_OF_A_RUN.year, LAST_OF_A_RUN.year


def find_semantic_violations(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What is wrong with a complete ``document`` that satisfies the schema."""
    yield from _check_schedule(document["schedule"])
    yield from _check_start_date(document["start_date"])
    yield from _check_windows(document["windows"])
    yield from _check_alerts(document["alerts"])
    yield from _check_deviation_rules(document["alerts"], document["windows"])
    yield from _check_endpoint(document.get("s3", {}))
    yield from _check_encryption(document.get("s3", {}))


def _check_schedule(schedule: str) -> Iterator[Diagnostic]:
    if schedule in PRESETS:
        return
    path = ("schedule",)
    if schedule.startswith("@"):
        yield Diagnostic(path, f"{show_value(schedule)} is not a preset", f"presets: {', '.join(PRESETS)}")
        return
    if not is_cron(schedule):
        yield Diagnostic(
            path,
            f"{show_value(schedule)} is not a cron expression",
            "five fields: minute hour day month weekday, for example */15 * * * *",
        )


def _check_start_date(start_date: str) -> Iterator[Diagnostic]:
    # At the ends of the calendar Airflow finds no first run, and says so in its log only.
    if not _FIRST_YEAR <= date.fromisoformat(start_date).year <= _LAST_YEAR:
        yield Diagnostic(
            ("start_date",),
            f"{start_date} is not in a year from {_FIRST_YEAR} to {_LAST_YEAR}",
            "for example 2024-01-01",
        )


def _check_windows(windows: Sequence[str | float]) -> Iterator[Diagnostic]:
    longest, most = timedelta(0), 0.0
    for index, window in enumerate(windows):
        if isinstance(window, str):
            span = parse_duration(window)
            grows, longest = span > longest, max(longest, span)
        else:
            grows, most = window > most, max(most, window)
        if not grows:
            yield Diagnostic(
                ("windows", index),
                f"{window} is not longer than the window before it",
                "write windows from short to long",
            )


def _check_alerts(alerts: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if "connection" in alerts and "webhook_variable" in alerts:
        yield Diagnostic(
            ("alerts", "webhook_variable"),
            "the connection names a webhook already",
            "keep one of them; null takes away what the defaults say",
        )


def _check_deviation_rules(alerts: Mapping[str, Any], windows: Sequence[str | float]) -> Iterator[Diagnostic]:
    for rule in ("z_score", "robust_z_score"):
        window = alerts.get(rule, {}).get("window")
        if window is not None and window not in windows:
            yield Diagnostic(
                ("alerts", rule, "window"),
                f"{window} is not one of the windows",
                f"windows: {', '.join(map(str, windows))}",
            )


def _check_endpoint(s3: Mapping[str, Any]) -> Iterator[Diagnostic]:
    # What the schema's pattern can't see: a port beyond 65535, brackets in wrong places.
    if "endpoint_url" in s3 and not is_safe_url(s3["endpoint_url"]):
        yield Diagnostic(
            ("s3", "endpoint_url"),
            f"{show_value(s3['endpoint_url'])} is not an address",
            "for example https://minio.example.com",
        )


def _check_encryption(s3: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if "kms_key_id" in s3 and s3.get("encryption") != "aws:kms":
        yield Diagnostic(
            ("s3", "kms_key_id"), "the key is used by encryption aws:kms alone", "write encryption: aws:kms"
        )
