import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.common.http import Limits
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import MarketError, PermanentError, TemporaryError, UnusableAnswerError
from pipeline_lib.market import CoinGecko, Transport
from pipeline_lib.market.transport import Answer
from pipeline_lib.model.observation import Observation
from tests.fixtures.far_end import far_end, sends
from tests.market.failures import (
    AFTER_A_MINUTE,
    BY_AIRFLOW,
    IN_THE_TASK,
    MOMENT,
    NEVER,
    ROWS,
    Row,
    quote_text,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "market.md"
MAX_AGE = timedelta(minutes=10)
TWICE = RetryPolicy(attempts=2, first_wait=0.0)


@dataclass(frozen=True)
class CountingTransport(Transport):
    tries: list[str] = field(default_factory=list)

    def get(self, path: str, parameters: Any) -> Answer:  # noqa: ANN401 (as the parent)
        self.tries.append(path)
        return Transport.get(self, path, parameters)


def fails(row: Row) -> tuple[MarketError, int]:
    """What the client raises, and how often it asked."""
    with row.far_end() as base_url:
        limits = Limits(most_bytes=10_000, **row.limits)
        transport = CountingTransport(base_url, None, limits=limits)
        with pytest.raises(MarketError) as caught:
            CoinGecko(transport, lambda: MOMENT, TWICE).observe("bitcoin", "usd", MOMENT, MAX_AGE)
    return caught.value, len(transport.tries)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_failure_has_its_type_says_what_to_do_and_is_repeated_only_where_that_helps(row: Row) -> None:
    error, tries = fails(row)
    assert type(error) is row.error
    assert re.match(row.says, error.message), error.message
    assert error.hint
    assert tries == (2 if row.again == IN_THE_TASK else 1)
    assert isinstance(error, PermanentError) == (row.again == NEVER)
    if row.again == IN_THE_TASK:
        assert isinstance(error, TemporaryError)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if issubclass(row.error, UnusableAnswerError)], ids=lambda row: row.name
)
def test_each_answer_that_is_refused_is_carried_with_its_source(row: Row) -> None:
    error, _ = fails(row)
    assert isinstance(error, UnusableAnswerError)
    assert error.answer is not None
    assert (error.url or "").partition("?")[0].endswith("/api/v3/coins/markets")
    assert error.requested_at == MOMENT


@pytest.mark.parametrize("name", ["429, Retry-After of hours", "503, Retry-After as a date in hours"])
def test_a_wait_of_hours_is_handed_on(name: str) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    error, _ = fails(row)
    assert isinstance(error, TemporaryError)
    assert error.retry_after == pytest.approx(14400, abs=60)


def observed(**changes: str | None) -> Observation:
    with far_end(sends(f"[{quote_text(**changes)}]".encode())) as base_url:
        market = CoinGecko(Transport(base_url, None), lambda: MOMENT, TWICE)
        return market.observe("bitcoin", "usd", MOMENT, MAX_AGE).observation


def test_what_nobody_asked_for_is_no_failure() -> None:
    assert observed(something_new='{"a": [1, null]}') == observed()


def test_the_limits_that_the_names_of_rows_tell_are_the_real_ones() -> None:
    usual = Transport("https://api.coingecko.com/api/v3", None).limits
    assert (usual.connect_seconds, usual.read_seconds, usual.total_seconds) == (5.0, 15.0, 30.0)
    assert usual.most_bytes == 16 * 1024 * 1024


def test_the_page_shows_the_same_table() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("## Failures\n")
    shown = re.findall(r"^\| (.+?) \| `(\w+)` \| (.+?) \|$", rest.partition("\n## ")[0], re.MULTILINE)
    assert shown == [(row.name, row.error.__name__, row.again) for row in ROWS]
    assert {again for *_, again in shown} == {IN_THE_TASK, AFTER_A_MINUTE, BY_AIRFLOW, NEVER}
