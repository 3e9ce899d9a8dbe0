"""The Slack message of a market alert: one pipeline's, or those of many in one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from pipeline_lib.alerts.messages.block_kit import context, escape, header, link, message, section
from pipeline_lib.alerts.messages.sparkline import sparkline
from pipeline_lib.alerts.messages.wording import (
    duration,
    explanation,
    happening,
    is_critical,
    mark,
    measure,
    price_text,
)
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.model.events import Event, EventKind

__all__ = ["AlertContext", "MovesText", "WindowText", "announce", "escape", "slack_messages"]

LATE_FROM = timedelta(minutes=15)
"""How long after its moment an event is told before a message says that it comes late."""

# Even the longest blocks of so many, and the plain text, stay below Slack's 40,000 characters.
_MOST_ANNOUNCEMENTS = 7


@dataclass(frozen=True, slots=True)
class WindowText:
    """What a rolling window says at the run's moment; None for what it can't say."""

    label: str
    mean: float | None
    standard_deviation: float | None
    count: int
    z_score: float | None


@dataclass(frozen=True, slots=True)
class MovesText:
    """Moves in percent; None for what nobody knows."""

    hour_percent: Decimal | None
    day_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What the market looked like at the run's moment.

    Attributes:
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        moment: The run's moment (UTC).
        price: At ``moment``.
        moves: Up to ``moment``.
        windows: The spec's windows.
        last_day: The prices of the 24 hours up to ``moment``, oldest first.
        run_url: The run in the Airflow UI, or None outside Airflow.
        log_url: The task's log there, or None.
    """

    pipeline: str
    coin: str
    vs_currency: str
    moment: datetime
    price: Decimal
    moves: MovesText
    windows: Sequence[WindowText]
    last_day: Sequence[Decimal]
    run_url: str | None
    log_url: str | None


def announce(market: AlertContext, events: Sequence[Event], now: datetime) -> Announcement:
    """What a pipeline has to tell, in words.

    Args:
        market: At the run's moment.
        events: At least one, by moment.
        now: The real clock, to say what comes late.
    """
    price = f"{price_text(market.price)} {market.vs_currency.upper()}"
    main = max(events, key=_weight)
    lines = [_event_line(event, market.moment) for event in events]
    lines.append(
        f"*price* {price} · 1h {_percent(market.moves.hour_percent)} · 24h "
        f"{_percent(market.moves.day_percent)}"
    )
    if line := sparkline(market.last_day):
        lines.append(f"*last 24h* {line}")
    lines += [_window_line(window) for window in market.windows]
    return Announcement(
        pipeline=market.pipeline,
        coin=market.coin,
        moment=market.moment,
        headline=f"{mark(main)} {market.coin} {happening(main)}: {price}",
        blocks=(section(lines), context(list(_facts(market, now)))),
        events=tuple(events),
    )


def slack_messages(
    announcements: Sequence[Announcement],
) -> Iterator[tuple[dict[str, Any], Sequence[Announcement]]]:
    """The payloads for a webhook, each with what it tells; one payload unless there is very much.

    Args:
        announcements: At least one, all of one moment.
    """
    if len(announcements) == 1:
        only = announcements[0]
        yield message(only.headline, [header(only.headline), *only.blocks]), (only,)
        return
    for start in range(0, len(announcements), _MOST_ANNOUNCEMENTS):
        several = announcements[start : start + _MOST_ANNOUNCEMENTS]
        yield _group_message(several), several


def _group_message(announcements: Sequence[Announcement]) -> dict[str, Any]:
    worst = max((event for each in announcements for event in each.events), key=_weight)
    coins = ", ".join(dict.fromkeys(each.coin for each in announcements))
    headline = f"{mark(worst)} {len(announcements)} pipelines: {coins}"
    blocks: list[Any] = [header(headline)]
    for each in announcements:
        first, *others = each.blocks
        titled = [f"*{escape(each.headline)}*", *first["text"]["text"].split("\n")]
        blocks += [section(titled), *others]
    return message("\n".join([headline, *(each.headline for each in announcements)]), blocks)


def _weight(event: Event) -> tuple[bool, bool, Decimal]:
    """What makes the headline: what goes on before what is over, and the furthest beyond its threshold."""
    return (
        event.kind is not EventKind.CLEARED,
        is_critical(event),
        abs(event.value) / event.rule.threshold,
    )


def _event_line(event: Event, run_moment: datetime) -> str:
    late = f" · _late: of {format_moment(event.moment)}_" if event.moment < run_moment else ""
    verb = {EventKind.GROWN: "grown to ", EventKind.REMINDED: "still ", EventKind.CLEARED: "over: "}
    return f"*{escape(verb.get(event.kind, '') + measure(event))}* ({escape(explanation(event))}){late}"


def _window_line(window: WindowText) -> str:
    return (
        f"*{window.label.replace('_', ' ')}* mean {_number(window.mean)} · deviation "
        f"{_number(window.standard_deviation)} · z-score {_signed(window.z_score)} · {window.count} prices"
    )


def _facts(market: AlertContext, now: datetime) -> Iterator[str]:
    late = now - market.moment
    yield format_moment(market.moment) + (f" _(late, of {duration(late)} ago)_" if late > LATE_FROM else "")
    yield f"pipeline {escape(market.pipeline)}"
    if market.run_url:
        yield link(market.run_url, "run")
    if market.log_url:
        yield link(market.log_url, "log")
    yield link(f"https://www.coingecko.com/en/coins/{quote(market.coin)}", "chart")


def _percent(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value:+.2f} %"


def _number(value: float | None) -> str:
    return "none yet" if value is None else price_text(Decimal(f"{value:.7g}"))


def _signed(value: float | None) -> str:
    return "none yet" if value is None else f"{value:+.2f}"
