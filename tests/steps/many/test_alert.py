"""Alerts of a pipeline of several coins: one message a moment."""

from typing import Any

import pytest

from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from tests.steps.many.world import COINS, LISTED, ManyCoins


def _move(world: ManyCoins, moves: dict[str, float], times: int | None = 1) -> None:
    """Have CoinGecko say that coins moved by so many percent in an hour."""
    for coin, move in moves.items():
        world.simulator.faults.add(
            Fault(
                kind="replace_field",
                field="price_change_percentage_1h_in_currency",
                value=move,
                coin=coin,
                times=times,
            )
        )


def _calm() -> dict[str, float]:
    return dict.fromkeys(LISTED, 0.1)


def _delivered(world: ManyCoins) -> list[Any]:
    return [message.body for message in world.simulator.slack_messages]


@pytest.fixture
def calm(many: ManyCoins) -> ManyCoins:
    many.write(
        f"{{{', '.join(f'{coin}: ' for coin in COINS)}}}".replace(
            "dogecoin: ", "dogecoin: {thresholds: {1h: 20}}"
        ),
        "thresholds: {1h: 3, 24h: 1000}",
    )
    _move(many, _calm())
    many.run(0)
    assert many.alert(0) == Done("no move reaches its threshold")
    return many


def test_all_moves_of_a_moment_are_one_message_the_largest_first(calm: ManyCoins) -> None:
    _move(calm, _calm() | {"aave": 3.5, "bitcoin": -12.0, "solana": 4.0})
    calm.run(1)
    assert calm.alert(1) == Done(
        "aave +3.50 % in 1h (fired), bitcoin -12.00 % in 1h (fired), solana +4.00 % in 1h (fired):"
        " delivered to Slack"
    )
    (message,) = _delivered(calm)
    first, *others = message["text"].split("\n")
    assert first == "🚨📉 3 coins of majors: bitcoin, solana, aave"
    assert [line.split(":")[0] for line in others] == [
        "🚨📉 bitcoin -12.00 % in 1h",
        "⚠️📈 solana +4.00 % in 1h",
        "⚠️📈 aave +3.50 % in 1h",
    ]
    assert calm.rows("SELECT status, count(*) FROM events GROUP BY status") == [("delivered", 3)]
    assert calm.rows("SELECT count(*) FROM messages") == [(1,)]
    assert calm.alert(1) == Done(
        "aave +3.50 % in 1h (fired), bitcoin -12.00 % in 1h (fired), solana +4.00 % in 1h (fired):"
        " already delivered"
    )
    assert len(_delivered(calm)) == 1


def test_a_coin_has_thresholds_of_its_own(calm: ManyCoins) -> None:
    _move(calm, _calm() | {"dogecoin": 15.0})
    calm.run(1)
    assert calm.alert(1) == Done("no move reaches its threshold")
    _move(calm, _calm() | {"dogecoin": 25.0})
    calm.run(2)
    assert calm.alert(2) == Done("dogecoin +25.00 % in 1h (fired): delivered to Slack")
    assert _delivered(calm)[0]["text"].startswith("⚠️📈 dogecoin +25.00 % in 1h")


def test_beyond_five_coins_a_message_has_a_line_for_each(many: ManyCoins) -> None:
    many.write(f"[{', '.join(LISTED)}]", "thresholds: {1h: 3, 24h: 1000}")
    _move(many, _calm())
    many.run(0)
    many.alert(0)
    _move(many, {coin: 5.0 + place for place, coin in enumerate(LISTED)})
    many.run(1)
    many.alert(1)
    (message,) = _delivered(many)
    details = [block for block in message["blocks"] if block["type"] == "context"]
    assert len(details) == 5
    assert message["blocks"][-1]["text"]["text"].split("\n")[-1].startswith("⚠️📈 aave +5.00 % in 1h: ")
    assert len(message["blocks"][-1]["text"]["text"].split("\n")) == 5


def test_the_episode_of_a_coin_that_leaves_the_list_ends_as_unknown(many: ManyCoins) -> None:
    many.write("{top: 2}", "thresholds: {1h: 3, 24h: 1000}")
    _move(many, _calm())
    many.run(0)
    many.alert(0)
    first, second = many.coins_at(0)
    assert (first, second) == ("bitcoin", "ethereum")
    _move(many, _calm() | {"ethereum": 5.0})
    many.run(1)
    assert many.alert(1) == Done("ethereum +5.00 % in 1h (fired): delivered to Slack")
    # Without a market cap, a coin is no member.
    many.simulator.faults.add(Fault(kind="unknown_coin", coin="ethereum", times=1))
    _move(many, _calm())
    many.run(2)
    assert "ethereum" not in many.coins_at(2)
    many.alert(2)
    # Still as high as it was, and yet another episode: nobody knows what went on in between.
    _move(many, _calm() | {"ethereum": 5.0})
    many.run(3)
    assert many.alert(3) == Done("ethereum +5.00 % in 1h (fired): delivered to Slack")
    assert len(_delivered(many)) == 2
