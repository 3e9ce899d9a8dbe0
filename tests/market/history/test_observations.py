"""The observation of a past moment, and what a refusal of it carries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.errors import HistoryGapError, InvalidQuoteError, UnexpectedAnswerError, UnusableAnswerError
from pipeline_lib.market import find_past_observation
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.model.observation import Observation, Provenance, Snapshot

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASKED_AT = NOON + 30 * HOUR
URL = "https://market.example/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd"
AT = int(NOON.timestamp()) * 1000


def find(body: str) -> Snapshot:
    answer = HistoryAnswer(NOON - 48 * HOUR, ASKED_AT, ASKED_AT, URL, body.encode())
    return find_past_observation(answer, "bitcoin", "usd", NOON, HOUR)


def test_both_moves_are_computed_to_ten_decimal_places() -> None:
    body = (
        f'{{"prices":[[{AT - 86_400_000},3],[{AT - 3_600_000},6],[{AT - 1},4.0]],'
        f'"market_caps":[[{AT - 1},100]],"total_volumes":[]}}'
    )
    assert find(body) == Snapshot(
        Observation(
            coin="bitcoin",
            vs_currency="usd",
            moment=NOON,
            price=Decimal("4.0"),
            change_1h_percent=Decimal("-33.3333333333"),
            change_24h_percent=Decimal("33.3333333333"),
            market_cap=Decimal(100),
            total_volume=None,
            last_updated=NOON - timedelta(seconds=1),
        ),
        Provenance(URL, ASKED_AT, 200, body),
    )


def test_a_move_from_an_unknown_price_stays_unknown() -> None:
    observation = find(f'{{"prices":[[{AT},4]]}}').observation
    assert (observation.change_1h_percent, observation.change_24h_percent) == (None, None)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<html>", UnexpectedAnswerError),
        ("{}", UnexpectedAnswerError),
        (f'{{"prices":[[{AT},0]]}}', InvalidQuoteError),
    ],
)
def test_a_refused_answer_is_carried_with_its_source(body: str, error: type[UnusableAnswerError]) -> None:
    with pytest.raises(error) as caught:
        find(body)
    assert caught.value.answer == body.encode()
    assert (caught.value.url, caught.value.requested_at) == (URL, ASKED_AT)


def test_a_gap_is_no_refusal() -> None:
    with pytest.raises(HistoryGapError, match="nor any price before it"):
        find('{"prices":[]}')
