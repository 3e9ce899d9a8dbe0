"""What a JSON Schema can't say about a spec."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from pipeline_lib.common.timestamps import FIRST_OF_A_RUN, LAST_OF_A_RUN
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.settings import is_safe_url
from pipeline_lib.specs.checks.schema_violations import show_value
from pipeline_lib.specs.durations import parse_duration
from pipeline_lib.specs.schedules.cron import PRESETS, is_cron
from pipeline_lib.specs.schedules.schedule import hint_at_zones, is_known_zone

_ZONE_BEFORE_CRON = re.compile(r"\s*(?:CRON_)?TZ=(\S+)\s+(.+?)\s*")
Path = tuple[str | int, ...]

_DEVIATION_RULES = ("z_score", "robust_z_score")
_FIRST_YEAR, _LAST_YEAR = FIRST_OF_A_RUN.year, LAST_OF_A_RUN.year


def find_semantic_violations(
    document: Mapping[str, Any], broken: Sequence[Path] = ()
) -> Iterator[Diagnostic]:
    """What is wrong with a complete ``document`` beyond the schema.

    Args:
        document: The spec, with all defaults.
        broken: The places at which the schema doesn't allow it; what depends on them isn't checked.
    """
    for check, needed in _CHECKS:
        if not broken or not any(_touch(path, place) for path in needed for place in broken):
            yield from check(document)


def _touch(one: Path, other: Path) -> bool:
    """Whether one place is the other, or lies in it."""
    return all(step == other_step for step, other_step in zip(one, other, strict=False))


def _check_schedule(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    schedule: str = document["schedule"]
    if schedule in PRESETS:
        return
    path = ("schedule",)
    if schedule.startswith("@"):
        yield Diagnostic(path, f"{show_value(schedule)} is not a preset", f"presets: {', '.join(PRESETS)}")
        return
    if with_zone := _ZONE_BEFORE_CRON.fullmatch(schedule):
        zone, cron = with_zone.groups()
        message = f"{show_value(schedule)} has a time zone in it"
        yield Diagnostic(
            path, message, f'write schedule: "{cron}" and, as a key of its own, timezone: {zone}'
        )
    elif not is_cron(schedule):
        yield Diagnostic(
            path,
            f"{show_value(schedule)} is not a cron expression",
            "five fields: minute hour day month weekday, for example */15 * * * *",
        )


def _check_timezone(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    name: str = document["timezone"]
    if not is_known_zone(name):
        message = f"{show_value(name)} is not a time zone of this machine"
        yield Diagnostic(("timezone",), message, hint_at_zones(name))


def _check_start_date(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    start_date: str = document["start_date"]
    # At the ends of the calendar Airflow finds no first run, and says so in its log only.
    if not _FIRST_YEAR <= date.fromisoformat(start_date).year <= _LAST_YEAR:
        yield Diagnostic(
            ("start_date",),
            f"{start_date} is not in a year from {_FIRST_YEAR} to {_LAST_YEAR}",
            "for example 2024-01-01",
        )


def _check_windows(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    longest, most = timedelta(0), 0.0
    for index, window in enumerate(document["windows"]):
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


def _check_webhook(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    alerts = document["alerts"]
    if "connection" in alerts and "webhook_variable" in alerts:
        yield Diagnostic(
            ("alerts", "webhook_variable"),
            "the connection names a webhook already",
            "keep one of them; null takes away what the defaults say",
        )


def _check_deviation_rule(rule: str, document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    windows = document["windows"]
    window = document["alerts"].get(rule, {}).get("window")
    if window is not None and window not in windows:
        yield Diagnostic(
            ("alerts", rule, "window"),
            f"{window} is not one of the windows",
            f"windows: {', '.join(map(str, windows))}",
        )


def _check_layout(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if "coins" in document and document.get("s3", {}).get("layout") == "complete":
        yield Diagnostic(
            ("s3", "layout"),
            "several coins have partitions alone: whole files would be written anew by each run",
            "leave the key out",
        )


def _check_coins(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    coins = document.get("coins")
    if not isinstance(coins, dict):
        return
    if "top" in coins or "from" in coins:
        for coin in coins.keys() - {"top", "from"}:
            message = "'top' leaves the coins to the market"
            yield Diagnostic(("coins", coin), message, "list the coins, or keep 'top' alone")
        if "top" not in coins:
            hint = "for example {top: 100, from: 101}"
            yield Diagnostic(("coins", "from"), "the key 'top' is missing", hint)
        return
    for coin, own in coins.items():
        of_coin = {"alerts": own.get("alerts", {}), "windows": document["windows"]}
        for rule in _DEVIATION_RULES:
            for violation in _check_deviation_rule(rule, of_coin):
                yield replace(violation, path=("coins", coin, *violation.path))


def _check_endpoint(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    s3 = document.get("s3", {})
    # What the schema's pattern can't see: a port beyond 65535, brackets in wrong places.
    if "endpoint_url" in s3 and not is_safe_url(s3["endpoint_url"]):
        yield Diagnostic(
            ("s3", "endpoint_url"),
            f"{show_value(s3['endpoint_url'])} is not an address",
            "for example https://minio.example.com",
        )


def _check_encryption(document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    s3 = document.get("s3", {})
    if "kms_key_id" in s3 and s3.get("encryption") != "aws:kms":
        yield Diagnostic(
            ("s3", "kms_key_id"), "the key is used by encryption aws:kms alone", "write encryption: aws:kms"
        )


# Each with the places that it reads.
_CHECKS: Sequence[tuple[Callable[[Mapping[str, Any]], Iterator[Diagnostic]], Sequence[Path]]] = (
    (_check_schedule, [("schedule",)]),
    (_check_timezone, [("timezone",)]),
    (_check_start_date, [("start_date",)]),
    (_check_windows, [("windows",)]),
    (_check_webhook, [("alerts", "connection"), ("alerts", "webhook_variable")]),
    *(
        (partial(_check_deviation_rule, rule), [("windows",), ("alerts", rule, "window")])
        for rule in _DEVIATION_RULES
    ),
    (_check_coins, [("coins",), ("windows",)]),
    (_check_layout, [("coins",), ("s3", "layout")]),
    (_check_endpoint, [("s3", "endpoint_url")]),
    (_check_encryption, [("s3", "encryption"), ("s3", "kms_key_id")]),
)
