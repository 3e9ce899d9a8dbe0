"""The Slack message of market alerts: of one coin, or of many in one."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from pipeline_lib.alerts.context import AlertContext
from pipeline_lib.alerts.messages.block_kit import (
    context,
    escape,
    header,
    link,
    message,
    section,
    sections,
)
from pipeline_lib.alerts.messages.sparkline import sparkline
from pipeline_lib.alerts.messages.wording import (
    duration,
    explanation,
    happening,
    is_critical,
    like_price,
    mark,
    measure,
    move_text,
    price_text,
)
from pipeline_lib.analysis.rolling import WindowStatistics
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.model.events import Event, EventKind

LATE_FROM = timedelta(minutes=15)
"""How long after its moment a message is sent before it says that it is late."""

# Even the longest blocks of so many, and the plain text, stay below Slack's 40,000 characters.
_MOST_IN_DETAIL = 5
_MOST_LISTED = 100
_REPEAT = "may be a repeat: "


def announce(alert: AlertContext, events: Sequence[Event], now: datetime) -> Announcement:
    """The events of a coin in words.

    Args:
        alert: The market at the run's moment.
        events: At least one, by moment.
        now: The real clock, to say what is late.
    """
    price = f"{price_text(alert.price)} {alert.vs_currency.upper()}"
    main = max(events, key=_weight)
    lines = [_event_line(event, alert.moment) for event in events]
    lines.append(
        f"*price* {price} · 1h {move_text(alert.moves.hour_percent)}"
        f" · 24h {move_text(alert.moves.day_percent)}"
    )
    if line := sparkline(alert.last_day):
        lines.append(f"*last 24h* {line}")
    lines += [_window_line(label, statistics, alert.price) for label, statistics in alert.windows.items()]
    return Announcement(
        pipeline=alert.pipeline,
        coin=alert.coin,
        moment=alert.moment,
        headline=f"{mark(main)} {alert.coin} {happening(main)}: {price}",
        blocks=(section(lines), context(list(_facts(alert, now)))),
        events=tuple(events),
    )


def slack_message(announcements: Sequence[Announcement]) -> dict[str, Any]:
    """The payload for a webhook: one message, the largest moves first, however many there are.

    Args:
        announcements: At least one, all of one moment.
    """
    if len(announcements) > 1:
        return _group_message(sorted(announcements, key=_weight_of_worst, reverse=True))
    headline = _headline(announcements[0])
    return message(headline, [header(headline), *announcements[0].blocks])


def _group_message(announcements: Sequence[Announcement]) -> dict[str, Any]:
    headline = f"{mark(_worst(announcements[0]))} {_describe_group(announcements)}"
    if all(each.may_be_repeat for each in announcements):
        headline = f"{_REPEAT}{headline}"
    blocks: list[Any] = [header(headline)]
    for each in announcements[:_MOST_IN_DETAIL]:
        first, *others = each.blocks
        titled = [f"*{escape(_headline(each))}*", *first["text"]["text"].split("\n")]
        blocks += [section(titled), *others]
    listed = [_headline(each) for each in announcements]
    if left := listed[_MOST_IN_DETAIL : _MOST_IN_DETAIL + _MOST_LISTED]:
        more = len(listed) - _MOST_IN_DETAIL - len(left)
        blocks += sections([*map(escape, left), *([f"and {counted(more, 'more coin')}"] if more else [])])
    return message("\n".join([headline, *listed]), blocks)


def _describe_group(announcements: Sequence[Announcement]) -> str:
    """Of how many coins and pipelines it is, and of which coins, as far as there is room."""
    coins = list(dict.fromkeys(each.coin for each in announcements))
    pipelines = {each.pipeline for each in announcements}
    if len(pipelines) == 1:
        return f"{len(coins)} coins of {announcements[0].pipeline}: {', '.join(coins)}"
    if len(pipelines) == len(announcements):
        return f"{len(announcements)} pipelines: {', '.join(coins)}"
    return f"{len(coins)} coins of {len(pipelines)} pipelines: {', '.join(coins)}"


def _worst(announcement: Announcement) -> Event:
    return max(announcement.events, key=_weight)


def _weight_of_worst(announcement: Announcement) -> tuple[bool, bool, Decimal]:
    return _weight(_worst(announcement))


def _headline(announcement: Announcement) -> str:
    # In front, where nothing cuts it off.
    return f"{_REPEAT if announcement.may_be_repeat else ''}{announcement.headline}"


def _weight(event: Event) -> tuple[bool, bool, Decimal]:
    """What makes the headline: what goes on before what is over, and the furthest beyond its threshold."""
    return (
        event.kind is not EventKind.CLEARED,
        is_critical(event),
        abs(event.value) / event.rule.threshold,
    )


def _event_line(event: Event, run_moment: datetime) -> str:
    late = f" · _late: event at {format_moment(event.moment)}_" if event.moment < run_moment else ""
    verb = {EventKind.GROWN: "grown to ", EventKind.REMINDED: "still ", EventKind.CLEARED: "over: "}
    return f"*{escape(verb.get(event.kind, '') + measure(event))}* ({escape(explanation(event))}){late}"


def _window_line(label: str, window: WindowStatistics, price: Decimal) -> str:
    mean, deviation = (_number(value, price) for value in (window.mean, window.standard_deviation))
    return (
        f"*{label.replace('_', ' ')}* mean {mean} · deviation {deviation} · "
        f"z-score {_signed(window.z_score)} · {counted(window.count, 'price')}"
    )


def _facts(alert: AlertContext, now: datetime) -> Iterator[str]:
    late = now - alert.moment
    yield format_moment(alert.moment) + (f" _({duration(late)} late)_" if late > LATE_FROM else "")
    yield f"pipeline {escape(alert.pipeline)}"
    if alert.run_url:
        yield link(alert.run_url, "run")
    if alert.log_url:
        yield link(alert.log_url, "log")
    yield link(f"https://www.coingecko.com/en/coins/{quote(alert.coin)}", "chart")


def _number(value: float | None, price: Decimal) -> str:
    return "none yet" if value is None else like_price(Decimal(value), price)


def _signed(value: float | None) -> str:
    return "none yet" if value is None else f"{value:+.2f}"
