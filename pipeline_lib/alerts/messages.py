"""The Slack message of an abnormal price move.

Slack's Block Kit, with a plain text for notifications and for clients without blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline_lib.timestamps import format_moment

_FEWEST_PLACES = 2
_MOST_DIGITS = 8
_LONGEST_HEADER = 150


@dataclass(frozen=True, slots=True)
class AbnormalMove:
    """One line of a message.

    Attributes:
        horizon: ``1h`` or ``24h``.
        change_percent: The move, with its sign.
        threshold_percent: What it passed, without a sign.
    """

    horizon: str
    change_percent: Decimal
    threshold_percent: Decimal


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """What a message is about.

    Attributes:
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        vs_currency: The currency that the price is in.
        price: At ``moment``.
        moment: The run's moment (UTC).
        moves: At least one.
        run_url: The run in the Airflow UI, or None outside Airflow.
    """

    pipeline: str
    coin: str
    vs_currency: str
    price: Decimal
    moment: datetime
    moves: Sequence[AbnormalMove]
    run_url: str | None


def slack_message(alert: PriceAlert) -> dict[str, Any]:
    """The payload for an incoming webhook."""
    price = f"{_format_price(alert.price)} {alert.vs_currency.upper()}"
    largest = max(alert.moves, key=lambda move: abs(move.change_percent) / move.threshold_percent)
    headline = f"{_arrow(largest)} {alert.coin} {_format_move(largest)} in {largest.horizon}: {price}"
    lines = [
        f"*{move.horizon}*: {_format_move(move)} (threshold {_plain(move.threshold_percent)} %)"
        for move in alert.moves
    ]
    facts = [
        f"{escape(alert.coin)} at {escape(price)}",
        format_moment(alert.moment),
        f"pipeline {escape(alert.pipeline)}",
    ]
    if alert.run_url:
        facts.append(f"<{escape(alert.run_url)}|open the run>")
    return {
        "text": escape(headline),
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": headline[:_LONGEST_HEADER], "emoji": True},
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": " · ".join(facts)}]},
        ],
    }


def escape(text: str) -> str:
    """Slack's three control characters, and nothing else (Slack, "Formatting text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _arrow(move: AbnormalMove) -> str:
    return "📉" if move.change_percent < 0 else "📈"


def _format_move(move: AbnormalMove) -> str:
    return f"{move.change_percent:+.2f} %"


def _format_price(price: Decimal) -> str:
    """At least two decimal places, at most eight significant digits: ``6,955.27``, ``0.00001234``."""
    places = max(_FEWEST_PLACES, min(-price.adjusted() + _MOST_DIGITS - 1, -int(price.as_tuple().exponent)))
    return f"{price:,.{places}f}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
