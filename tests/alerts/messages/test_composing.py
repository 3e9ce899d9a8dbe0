import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipeline_lib.alerts.context import AlertContext
from pipeline_lib.alerts.messages.composing import announce, slack_message
from pipeline_lib.model.events import Event, RuleInfo
from tests.alerts.samples import CLEARED, FIRED, GROWN, HOUR, HOUR_MOVE, MOMENT, REMINDED, event

HOUR_FALL = event(FIRED, rule=HOUR_MOVE, step=2, value="-8.1649")
DAY_FALL = event(FIRED, step=2, value="-16.2")


def _message(market: AlertContext, *events: Event, minutes_later: int = 0) -> dict[str, Any]:
    return slack_message([announce(market, events, MOMENT + minutes_later * HOUR / 60)])


def _lines(message: dict[str, Any]) -> list[str]:
    text: str = message["blocks"][1]["text"]["text"]
    return text.split("\n")


def _context(message: dict[str, Any]) -> str:
    text: str = message["blocks"][2]["elements"][0]["text"]
    return text


def test_the_whole_message(market: AlertContext) -> None:
    message = _message(market, HOUR_FALL, DAY_FALL)
    headline = "🚨📉 bitcoin -8.16 % in 1h: 6,955.27 USD"
    lines = [
        "*-8.16 % in 1h* (2 times its threshold of 3 %)",
        "*-16.20 % in 24h* (2 times its threshold of 8 %)",
        "*price* 6,955.27 USD · 1h -8.16 % · 24h -16.20 %",
        "*last 24h* ▆▇▄▁",
        "*24h* mean 8,000.50 · deviation 120.25 · z-score -8.69 · 24 prices",
        "*20 rows* mean 6,955.27 · deviation none yet · z-score none yet · 1 price",
    ]
    facts = [
        "2018-02-05T14:00:00Z",
        "pipeline bitcoin",
        "<https://airflow.example/dags/bitcoin_data_pipeline/runs/manual?a=1&amp;b=2|run>",
        "<https://airflow.example/log|log>",
        "<https://www.coingecko.com/en/coins/bitcoin|chart>",
    ]
    assert message == {
        "text": headline,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": headline, "emoji": True}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": " · ".join(facts)}]},
        ],
    }


@pytest.mark.parametrize(
    ("news", "headline", "line"),
    [
        (
            event(FIRED, value="8.5"),
            "⚠️📈 bitcoin +8.50 % in 24h: 6,955.27 USD",
            "*+8.50 % in 24h* (threshold 8 %)",
        ),
        (
            event(GROWN, since=-2, step=3, value="-24.1"),
            "🚨📉 bitcoin now -24.10 % in 24h: 6,955.27 USD",
            "*grown to -24.10 % in 24h* (3 times its threshold of 8 %)",
        ),
        (
            event(REMINDED, since=-12, value="-9"),
            "⚠️📉 bitcoin still -9.00 % in 24h: 6,955.27 USD",
            "*still -9.00 % in 24h* (threshold 8 %, crossed 2018-02-05 02:00 UTC)",
        ),
        (
            event(CLEARED, since=-50, step=3, value="-2"),
            "✅ bitcoin calm again, -2.00 % in 24h: 6,955.27 USD",
            "*over: -2.00 % in 24h* (threshold 8 %, crossed 2018-02-03 12:00 UTC, for 2 days)",
        ),
        (
            event(
                FIRED,
                value="4.311",
                rule=RuleInfo("z_score_7d", Decimal(4), "deviations", "from the 7d mean"),
            ),
            "⚠️📈 bitcoin +4.31 deviations from the 7d mean: 6,955.27 USD",
            "*+4.31 deviations from the 7d mean* (threshold 4 deviations)",
        ),
    ],
    ids=["fired", "grown", "reminded", "cleared", "z-score"],
)
def test_each_kind_of_news_reads_its_own_way(
    market: AlertContext, news: Event, headline: str, line: str
) -> None:
    message = _message(market, news)
    assert (message["text"], _lines(message)[0]) == (headline, line)


def test_what_goes_on_makes_the_headline_before_what_is_over(market: AlertContext) -> None:
    over = event(CLEARED, since=-5, rule=HOUR_MOVE, value="2", step=4)
    assert _message(market, over, event(FIRED))["text"].startswith("⚠️📉 bitcoin -8.50 % in 24h")


def test_a_late_message_says_so(market: AlertContext) -> None:
    assert "late" not in json.dumps(_message(market, DAY_FALL, minutes_later=15))
    assert _context(_message(market, DAY_FALL, minutes_later=16)).startswith(
        "2018-02-05T14:00:00Z _(16 min late)_ · "
    )
    assert "_(3 h late)_" in _context(_message(market, DAY_FALL, minutes_later=170))
    assert "_(530 days late)_" in _context(_message(market, DAY_FALL, minutes_later=530 * 24 * 60))


def test_what_an_earlier_run_failed_to_deliver_is_marked_late(market: AlertContext) -> None:
    message = _message(market, event(FIRED, -2), event(CLEARED, since=-2, value="-1"))
    assert _lines(message)[0] == "*-8.50 % in 24h* (threshold 8 %) · _late: event at 2018-02-05T12:00:00Z_"
    assert "late" not in _lines(message)[1]


def test_without_pages_in_airflow_only_the_chart_is_linked(market: AlertContext) -> None:
    message = _message(replace(market, run_url=None, log_url=None), DAY_FALL)
    assert _context(message) == (
        "2018-02-05T14:00:00Z · pipeline bitcoin · <https://www.coingecko.com/en/coins/bitcoin|chart>"
    )


def test_what_nobody_knows_is_called_unknown(market: AlertContext) -> None:
    first = replace(
        market, moves=replace(market.moves, day_percent=None), last_day=[Decimal(7000)], windows={}
    )
    assert _lines(_message(first, HOUR_FALL))[1:] == ["*price* 6,955.27 USD · 1h -8.16 % · 24h unknown"]


def test_a_name_can_mention_nobody(market: AlertContext) -> None:
    message = _message(replace(market, coin="<!channel>", pipeline="a&b"), DAY_FALL)
    assert message["text"].startswith("🚨📉 &lt;!channel&gt; -16.20 %")
    assert "pipeline a&amp;b" in _context(message)
    assert "<https://www.coingecko.com/en/coins/%3C%21channel%3E|chart>" in _context(message)


def test_several_pipelines_share_a_message(market: AlertContext) -> None:
    ether = replace(market, pipeline="ether", coin="ethereum", price=Decimal(700))
    message = slack_message([announce(ether, [event(FIRED)], MOMENT), announce(market, [DAY_FALL], MOMENT)])
    assert message["text"].split("\n") == [
        "🚨📉 2 pipelines: bitcoin, ethereum",
        "🚨📉 bitcoin -16.20 % in 24h: 6,955.27 USD",
        "⚠️📉 ethereum -8.50 % in 24h: 700.00 USD",
    ]
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds == ["header", "section", "context", "section", "context"]
    assert message["blocks"][3]["text"]["text"].startswith(
        "*⚠️📉 ethereum -8.50 % in 24h: 700.00 USD*\n*-8.50 %"
    )


@pytest.mark.parametrize(
    ("places", "described"),
    [
        ([("majors", "bitcoin"), ("majors", "ethereum")], "2 coins of majors: bitcoin, ethereum"),
        ([("btc", "bitcoin"), ("btc_eur", "bitcoin")], "2 pipelines: bitcoin"),
        (
            [("majors", "bitcoin"), ("majors", "ethereum"), ("btc", "bitcoin")],
            "2 coins of 2 pipelines: bitcoin, ethereum",
        ),
    ],
)
def test_a_shared_message_says_of_which_coins_and_pipelines_it_is(
    market: AlertContext, places: list[tuple[str, str]], described: str
) -> None:
    of_places = (replace(market, pipeline=pipeline, coin=coin) for pipeline, coin in places)
    message = slack_message([announce(each, [event(FIRED)], MOMENT) for each in of_places])
    assert message["text"].split("\n")[0] == f"⚠️📉 {described}"
    assert message["blocks"][0]["text"]["text"] == f"⚠️📉 {described}"


def test_of_many_coins_the_heaviest_are_told_in_detail_and_the_others_in_a_line(market: AlertContext) -> None:
    coins = [replace(market, pipeline="top", coin=f"coin-{number}") for number in range(108)]
    announcements = [
        announce(each, [event(FIRED, value=f"-{9 + number % 54}.{number // 54}")], MOMENT)
        for number, each in enumerate(coins)
    ]
    headlines = [
        each.headline
        for each in sorted(announcements, key=lambda each: abs(each.events[0].value), reverse=True)
    ]
    message = slack_message(announcements)
    # Whole lines of the plain text, while they fit.
    text = message["text"].removesuffix(" …").split("\n")
    assert text == ["⚠️📉 108 coins of top: " + _coins_of(headlines), *headlines][: len(text)]
    assert 2900 < len(message["text"]) <= 3000
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds[:11] == ["header", *["section", "context"] * 5]
    in_detail = [block["text"]["text"].split("\n")[0] for block in message["blocks"][1:11:2]]
    assert in_detail == [f"*{headline}*" for headline in headlines[:5]]
    assert set(kinds[11:]) == {"section"}
    lines = [line for block in message["blocks"][11:] for line in block["text"]["text"].split("\n")]
    assert lines == [*headlines[5:105], "and 3 more coins"]


def _coins_of(headlines: list[str]) -> str:
    return ", ".join(headline.split(" ")[1] for headline in headlines)


def test_a_line_and_no_more_is_said_of_the_sixth_coin(market: AlertContext) -> None:
    coins = [replace(market, coin=f"coin-{number}") for number in range(6)]
    announcements = [
        announce(each, [event(FIRED, value=f"-{20 - number}")], MOMENT) for number, each in enumerate(coins)
    ]
    announcements[5] = replace(announcements[5], may_be_repeat=True)
    last = slack_message(announcements[::-1])["blocks"][11:]
    assert [block["text"]["text"] for block in last] == [
        "may be a repeat: ⚠️📉 coin-5 -15.00 % in 24h: 6,955.27 USD"
    ]


@pytest.mark.parametrize("count", [2, 5, 6, 30, 105, 106, 1000])
def test_however_many_coins_fire_slack_takes_the_message(market: AlertContext, count: int) -> None:
    long = replace(market, pipeline="p" * 100, run_url="https://x/" + "&" * 1000)
    events = [event(FIRED, hours) for hours in range(-100, 1)]
    message = slack_message(
        [announce(replace(long, coin=f"{number:c>100}"), events, MOMENT) for number in range(count)]
    )
    assert len(message["blocks"]) <= 50
    assert all(
        len(block["text"]["text"]) <= 3000 for block in message["blocks"] if block["type"] == "section"
    )
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert len(json.dumps(message, ensure_ascii=False)) <= 40_000
