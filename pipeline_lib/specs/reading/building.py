"""A complete document that passed all checks → ``PipelineSpec``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipeline_lib.specs.checks.schema import with_defaults
from pipeline_lib.specs.durations import parse_duration
from pipeline_lib.specs.model import (
    AlertPolicy,
    CoinLimits,
    Coins,
    DeviationRule,
    NamedCoins,
    OneCoin,
    PipelineSpec,
    QualityLimits,
    S3Layout,
    S3Target,
    Thresholds,
    TopCoins,
    Window,
)
from pipeline_lib.specs.reading.merging import merge
from pipeline_lib.specs.schedules.schedule import UTC_NAME, Schedule


def build_spec(name: str, complete: Mapping[str, Any]) -> PipelineSpec:
    """The spec that ``complete``, checked and with all defaults, describes."""
    coins = _build_coins(complete)
    usual = _build_limits(complete)
    return PipelineSpec(
        name=name,
        coins=coins,
        vs_currency=complete["vs_currency"],
        description=complete.get("description", f"{_describe(coins)} in {complete['vs_currency']}"),
        schedule=Schedule(complete["schedule"], complete["timezone"]),
        start_date=_midnight(complete["start_date"], complete["timezone"]),
        catchup=complete["catchup"],
        owner=complete["owner"],
        tags=tuple(complete["tags"]),
        retries=int(complete["retries"]),  # JSON Schema takes 3.0 for a whole number
        retry_delay=parse_duration(complete["retry_delay"]),
        timeout=parse_duration(complete["timeout"]),
        windows=tuple(_build_window(window) for window in complete["windows"]),
        thresholds=usual.thresholds,
        alerts=usual.alerts,
        quality=usual.quality,
        s3=_build_s3(complete["s3"]) if "s3" in complete else None,
        effective=complete,
        limits={coin: _build_limits(each) for coin, each in coins_of_their_own(complete).items()},
    )


def coins_of_their_own(complete: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The spec as it holds for each coin for which it says something of its own."""
    coins = complete.get("coins")
    if not isinstance(coins, dict) or "top" in coins:
        return {}
    return {coin: with_defaults(merge(complete, own)) for coin, own in coins.items() if own}


def _build_coins(complete: Mapping[str, Any]) -> Coins:
    if "coin" in complete:
        return OneCoin(complete["coin"])
    coins = complete["coins"]
    if isinstance(coins, dict) and "top" in coins:
        return TopCoins(int(coins["top"]), int(coins.get("from", 1)))
    return NamedCoins(tuple(coins))


def _describe(coins: Coins) -> str:
    match coins:
        case OneCoin(coin):
            return coin
        case NamedCoins(named):
            return f"{len(named)} coins" if len(named) > 1 else named[0]
        case TopCoins(count, 1):
            return f"Top {count} coins"
        case TopCoins(count, first):
            return f"Coins {first} to {first + count - 1} by market cap"


def _build_limits(complete: Mapping[str, Any]) -> CoinLimits:
    thresholds = complete["thresholds"]
    return CoinLimits(
        thresholds=Thresholds(
            move_1h_percent=Decimal(str(thresholds["1h"])),
            move_24h_percent=Decimal(str(thresholds["24h"])),
        ),
        alerts=_build_alerts(complete),
        quality=_build_quality(complete["quality"]),
    )


def _midnight(day: str, timezone: str) -> datetime:
    local = datetime.fromisoformat(day)
    if timezone == UTC_NAME:
        return local.replace(tzinfo=UTC)
    from pipeline_lib.specs.schedules.local_moments import moment_of  # noqa: PLC0415 (imports zoneinfo)

    return moment_of(local, timezone)


def _build_alerts(complete: Mapping[str, Any]) -> AlertPolicy:
    section = complete["alerts"]
    return AlertPolicy(
        connection=section.get("connection"),
        webhook_variable=section.get("webhook_variable"),
        on_backfill=section["on_backfill"],
        cooldown=parse_duration(section["cooldown"]) if "cooldown" in section else None,
        clear_level=Decimal(str(section["clear_level"])),
        z_score=_build_deviation_rule(section.get("z_score"), complete["windows"]),
        robust_z_score=_build_deviation_rule(section.get("robust_z_score"), complete["windows"]),
    )


def _build_deviation_rule(
    section: Mapping[str, Any] | None, windows: Sequence[str | float]
) -> DeviationRule | None:
    if section is None:
        return None
    return DeviationRule(
        window=_build_window(section.get("window", windows[-1])),
        limit=Decimal(str(section["limit"])),
        minimum_percent=Decimal(str(section["minimum_percent"])),
    )


def _build_quality(section: Mapping[str, Any]) -> QualityLimits:
    return QualityLimits(
        max_age=parse_duration(section["max_age"]),
        max_jump_percent=Decimal(str(section["max_jump"])),
    )


def _build_window(written: str | float) -> Window:
    if isinstance(written, str):
        return Window(written, parse_duration(written))
    count = int(written)  # as for retries
    return Window(f"{count}_rows", count)


def _build_s3(section: Mapping[str, Any]) -> S3Target:
    return S3Target(
        bucket=section.get("bucket"),
        prefix=section["prefix"],
        endpoint_url=section.get("endpoint_url"),
        connection=section.get("connection"),
        layout=S3Layout(section["layout"]),
        encryption=section.get("encryption"),
        kms_key_id=section.get("kms_key_id"),
        storage_class=section.get("storage_class"),
    )
