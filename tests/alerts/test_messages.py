import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.messages import AbnormalMove, PriceAlert, escape, slack_message

GOLDEN = Path(__file__).with_name("golden_message.json")


def _header(message: dict[str, Any]) -> str:
    text: str = message["blocks"][0]["text"]["text"]
    return text


def _context(message: dict[str, Any]) -> str:
    text: str = message["blocks"][2]["elements"][0]["text"]
    return text


def _lines(message: dict[str, Any]) -> list[str]:
    text: str = message["blocks"][1]["text"]["text"]
    return text.split("\n")


def test_the_whole_message(alert: PriceAlert) -> None:
    assert slack_message(alert) == json.loads(GOLDEN.read_bytes())


def test_without_a_page_of_the_run_there_is_no_link(alert: PriceAlert) -> None:
    message = slack_message(replace(alert, run_url=None))
    assert _context(message) == "bitcoin at 6,955.27 USD · 2018-02-05T14:00:00Z · pipeline bitcoin"
    assert message | {"blocks": message["blocks"][:2]} == slack_message(alert) | {
        "blocks": slack_message(alert)["blocks"][:2]
    }


def test_the_move_that_passed_its_threshold_furthest_makes_the_headline(alert: PriceAlert) -> None:
    moves = [
        AbnormalMove("1h", Decimal("6.5"), Decimal(3)),
        AbnormalMove("24h", Decimal("-17.1"), Decimal(8)),
    ]
    message = slack_message(replace(alert, moves=moves))
    assert message["text"] == "📈 bitcoin +6.50 % in 1h: 6,955.27 USD"
    assert _lines(message) == ["*1h*: +6.50 % (threshold 3 %)", "*24h*: -17.10 % (threshold 8 %)"]


@pytest.mark.parametrize(
    ("change", "shown"), [("8.1649", "📈 bitcoin +8.16 %"), ("-8.1651", "📉 bitcoin -8.17 %")]
)
def test_a_rise_and_a_fall_look_different(alert: PriceAlert, change: str, shown: str) -> None:
    move = AbnormalMove("1h", Decimal(change), Decimal(3))
    assert slack_message(replace(alert, moves=[move]))["text"].startswith(shown)


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("6955.27", "6,955.27"),
        ("6955.274", "6,955.274"),
        ("7000", "7,000.00"),
        ("7E+3", "7,000.00"),
        ("1.5", "1.50"),
        ("0.00001234", "0.00001234"),
        ("1.2345678912E-8", "0.000000012345679"),
        ("7E-12", "0.000000000007"),
        ("0.123456789", "0.12345679"),
        ("123456789.129", "123,456,789.13"),
        ("999999999999999999999", "999,999,999,999,999,999,999.00"),
    ],
)
def test_prices_read_well_at_any_size(alert: PriceAlert, price: str, shown: str) -> None:
    message = slack_message(replace(alert, price=Decimal(price), vs_currency="eur"))
    assert message["text"].endswith(f": {shown} EUR")
    assert f"bitcoin at {shown} EUR · " in _context(message)


@pytest.mark.parametrize(
    ("threshold", "shown"), [("3", "3"), ("3.0", "3"), ("1.50", "1.5"), ("100", "100"), ("1E+2", "100")]
)
def test_thresholds_are_shown_without_needless_digits(alert: PriceAlert, threshold: str, shown: str) -> None:
    move = AbnormalMove("1h", Decimal(150), Decimal(threshold))
    assert _lines(slack_message(replace(alert, moves=[move]))) == [f"*1h*: +150.00 % (threshold {shown} %)"]


def test_the_three_control_characters_are_escaped_and_nothing_else() -> None:
    assert escape("a & b < c > d ' \" * _ ~ ` é 😀") == "a &amp; b &lt; c &gt; d ' \" * _ ~ ` é 😀"
    assert escape("&lt;") == "&amp;lt;"


@given(st.text())
def test_what_is_escaped_can_be_read_back(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_a_name_can_mention_nobody(alert: PriceAlert) -> None:
    message = slack_message(replace(alert, coin="<!channel>", pipeline="a&b", run_url="https://x/?a=1&b=<2>"))
    assert message["text"].startswith("📉 &lt;!channel&gt; -8.16 %")
    assert _context(message) == (
        "&lt;!channel&gt; at 6,955.27 USD · 2018-02-05T14:00:00Z · pipeline a&amp;b · "
        "<https://x/?a=1&amp;b=&lt;2&gt;|open the run>"
    )


@pytest.mark.parametrize("length", [1, 100, 200, 5000])
def test_a_header_is_never_longer_than_slack_takes(alert: PriceAlert, length: int) -> None:
    message = slack_message(replace(alert, coin="x" * length))
    whole = f"📉 {'x' * length} -8.16 % in 1h: 6,955.27 USD"
    assert _header(message) == whole[:150]
    assert message["text"] == whole
