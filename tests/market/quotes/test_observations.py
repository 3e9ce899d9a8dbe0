"""One coin's observation in an answer for many, and what a refusal of it carries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from pipeline_lib.errors import (
    InvalidQuoteError,
    MomentMismatchError,
    UnexpectedAnswerError,
    UnknownCoinError,
    UnusableAnswerError,
)
from pipeline_lib.market import find_observation
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.model.observation import Snapshot

URL = "https://market.example/api/v3/coins/markets?vs_currency=usd&ids=bitcoin"
MAX_AGE = timedelta(minutes=10)


def find(body: bytes, moment: datetime) -> Snapshot:
    asked_at = moment + timedelta(seconds=9)
    return find_observation(
        MarketAnswer("usd", ("bitcoin",), URL, asked_at, body), "bitcoin", moment, MAX_AGE
    )


def refusal(body: bytes, moment: datetime) -> UnusableAnswerError:
    with pytest.raises(UnusableAnswerError) as caught:
        find(body, moment)
    assert caught.value.url == URL
    assert caught.value.requested_at == moment + timedelta(seconds=9)
    return caught.value


def test_an_observation_comes_with_its_own_part_and_the_source(
    row: Callable[..., str], moment: datetime
) -> None:
    own, other = row(), row(id='"ethereum"')
    snapshot = find(f"[{other}, {own}]".encode(), moment)
    assert (snapshot.observation.moment, str(snapshot.observation.price)) == (moment, "7325.10")
    assert snapshot.provenance.answer == own
    assert (snapshot.provenance.url, snapshot.provenance.status) == (URL, 200)
    assert snapshot.provenance.requested_at == moment + timedelta(seconds=9)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"current_price": "-1"}, InvalidQuoteError),
        ({"market_cap": None}, UnexpectedAnswerError),
        ({"market_cap": "NaN"}, UnexpectedAnswerError),
        ({"last_updated": '"2018-02-05T13:49:59Z"'}, MomentMismatchError),
    ],
)
def test_a_refused_quote_is_carried_letter_for_letter_and_alone(
    row: Callable[..., str], moment: datetime, changes: dict[str, str | None], error: type[Exception]
) -> None:
    refused, other = row(**changes), row(id='"ethereum"')
    caught = refusal(f"[{other}, {refused}]".encode(), moment)
    assert type(caught) is error
    assert caught.answer == refused.encode()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", UnexpectedAnswerError),
        (b"<html>", UnexpectedAnswerError),
        (b"[{} {}]", UnexpectedAnswerError),
        (b"[\xff]", UnexpectedAnswerError),
        (b'[{"id":"ethereum"}]', UnknownCoinError),
    ],
)
def test_an_answer_without_a_part_of_the_coin_is_carried_whole(
    moment: datetime, body: bytes, error: type[Exception]
) -> None:
    caught = refusal(body, moment)
    assert type(caught) is error
    assert caught.answer == body


def test_of_an_answer_for_several_coins_the_ids_that_came_are_carried_when_the_coin_is_missing(
    row: Callable[..., str], moment: datetime
) -> None:
    others = [row(id=f'"{coin}"') for coin in ("ethereum", "solana")]
    body = f"[{', '.join(others)}]".encode()
    url = URL.replace("bitcoin", "bitcoin%2Cethereum%2Csolana")
    answer = MarketAnswer("usd", ("bitcoin", "ethereum", "solana"), url, moment, body)
    with pytest.raises(UnknownCoinError) as caught:
        find_observation(answer, "bitcoin", moment, MAX_AGE)
    assert caught.value.coin == "bitcoin"
    assert caught.value.answer == b'["ethereum", "solana"]'
    assert caught.value.url == f"{URL}#coins=3&sha256={sha256(body).hexdigest()}"


def test_of_a_large_answer_the_start_is_carried(moment: datetime) -> None:
    body = b"[" + b" " * 100_000
    assert refusal(body, moment).answer == body[: 64 * 1024]


@pytest.mark.parametrize(
    ("time", "requested", "error"),
    [
        ("14:01:09", "14:00:09", None),
        ("14:01:10", "14:00:09", InvalidQuoteError),
        ("14:10:00", "14:00:09", InvalidQuoteError),
        ("14:10:00", "14:09:00", None),
        ("23:00:00", "14:00:09", InvalidQuoteError),
        ("14:10:01", "14:09:00", InvalidQuoteError),
        ("14:10:01", "14:09:01", MomentMismatchError),
        ("14:10:01", "18:00:00", MomentMismatchError),
    ],
)
def test_no_quote_is_newer_than_its_request(
    row: Callable[..., str], moment: datetime, time: str, requested: str, error: type[Exception] | None
) -> None:
    quoted_at = f'"2018-02-05T{time}Z"'
    body = f"[{row(last_updated=quoted_at)}]".encode()
    asked_at = datetime.fromisoformat(f"2018-02-05T{requested}Z")
    answer = MarketAnswer("usd", ("bitcoin",), URL, asked_at, body)
    if error is None:
        assert find_observation(answer, "bitcoin", moment, MAX_AGE).observation.moment == moment
        return
    with pytest.raises(error):
        find_observation(answer, "bitcoin", moment, MAX_AGE)


def test_a_quote_that_may_be_of_any_moment_is_still_not_of_the_future(
    row: Callable[..., str], moment: datetime
) -> None:
    quoted_at = '"2018-02-05T14:02:00Z"'
    body = f"[{row(last_updated=quoted_at)}]".encode()
    answer = MarketAnswer("usd", ("bitcoin",), URL, moment, body)
    with pytest.raises(InvalidQuoteError, match="after the request of 2018-02-05T14:00:00Z"):
        find_observation(answer, "bitcoin", moment, timedelta.max)
