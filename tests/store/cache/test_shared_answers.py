from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import (
    CallQuotaError,
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.store.cache.latest_answers import LatestAnswers
from pipeline_lib.store.cache.shared_answers import SharedAnswers, decode_answer, encode_answer
from pipeline_lib.store.cache.shared_failures import find_failure, keep_failure
from pipeline_lib.store.files.locking import exclusive

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
DAY = timedelta(days=1)
BODY = b'[{"id":"bitcoin"},\n {"id":"ether\xc3\xa9um"}]\n'


@pytest.fixture
def answers(tmp_path: Path) -> SharedAnswers:
    return SharedAnswers.of(tmp_path, "usd", MOMENT, MOMENT)


def answer(*coins: str, body: bytes = BODY) -> MarketAnswer:
    return MarketAnswer("usd", coins, f"https://x.example/?ids={'%2C'.join(coins)}", MOMENT, body)


def test_an_answer_is_kept_byte_for_byte(answers: SharedAnswers) -> None:
    kept = answer("bitcoin", "ethereum")
    assert answers.answer(0) is None
    answers.keep_answer(0, kept)
    assert answers.answer(0) == kept
    path = answers.root / "20180205" / "usd" / "20180205T140000Z" / "0.answer"
    assert path.read_bytes().split(b"\n", 1)[1] == BODY


def test_a_damaged_answer_is_as_good_as_none(answers: SharedAnswers) -> None:
    answers.keep_answer(0, answer("bitcoin"))
    whole = answers.answer_path(0).read_bytes()
    for content in [whole[:length] for length in range(len(whole))] + [
        whole + b" ",
        b"[]\n",
        b"{}\n",
        b"\xff",
    ]:
        answers.answer_path(0).write_bytes(content)
        assert answers.answer(0) is None
    assert decode_answer(encode_answer(answer("bitcoin"))) == answer("bitcoin")


def test_pages_are_added_and_keep_their_numbers(answers: SharedAnswers) -> None:
    assert answers.pages() == ()
    answers.add_pages((("a", "b"), ("c",)))
    answers.add_pages((("d",),))
    assert answers.pages() == (("a", "b"), ("c",), ("d",))
    for content in (b"", b"{", b"[]", b'{"pages": 1}', b"\xff"):
        answers.pages_path.write_bytes(content)
        assert answers.pages() == ()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (MOMENT, "20180205"),
        (MOMENT - timedelta(hours=15), "20180204"),
        (MOMENT - 100 * DAY, "20180204"),
        (MOMENT + 100 * DAY, "20180205"),
    ],
)
def test_what_is_in_use_lies_in_a_day_that_is_not_old(tmp_path: Path, moment: datetime, day: str) -> None:
    answers = SharedAnswers.of(tmp_path, "usd", moment, MOMENT)
    assert answers.folder.relative_to(tmp_path).parts[0] == day
    answers.keep_answer(0, answer("bitcoin"))
    answers.remove_old_days(MOMENT)
    assert answers.answer(0) is not None


def test_old_days_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for days in range(6):
        at = MOMENT - days * DAY
        SharedAnswers.of(tmp_path, "usd", at, at).keep_answer(0, answer("bitcoin"))
    LatestAnswers(tmp_path, "usd").add(tmp_path / "x")
    SharedAnswers.of(tmp_path, "usd", MOMENT, MOMENT).remove_old_days(MOMENT)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == [
        "20180203",
        "20180204",
        "20180205",
        "latest_usd.json",
    ]


def test_days_that_another_process_is_removing_are_left_to_it(tmp_path: Path) -> None:
    at = MOMENT - 9 * DAY
    old = SharedAnswers.of(tmp_path, "usd", at, at)
    old.keep_answer(0, answer("bitcoin"))
    with exclusive(tmp_path / "removal"):
        old.remove_old_days(MOMENT)
    assert old.answer(0) is not None


def test_the_latest_answer_with_a_coin_is_found(tmp_path: Path) -> None:
    latest = LatestAnswers(tmp_path, "usd")
    assert latest.find("a") is None
    first, second = (
        SharedAnswers.of(tmp_path, "usd", MOMENT + timedelta(hours=hour), MOMENT) for hour in (0, 1)
    )
    for answers, kept in ((first, answer("a", "b")), (second, answer("b", "c"))):
        answers.keep_answer(0, kept)
        latest.add(answers.answer_path(0))
    assert latest.find("a") == answer("a", "b")
    assert latest.find("b") == latest.find("c") == answer("b", "c")
    assert latest.find("d") is None
    second.answer_path(0).unlink()
    assert latest.find("b") == answer("a", "b")
    assert LatestAnswers(tmp_path, "eur").find("b") is None


def test_a_list_of_the_latest_that_cant_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    latest = LatestAnswers(tmp_path, "usd")
    for content in (b"", b"[1", b"7", b'["gone"]', b"\xff"):
        (tmp_path / "latest_usd.json").write_bytes(content)
        assert latest.find("a") is None
    latest.add(tmp_path / "x")


@pytest.mark.parametrize(
    "error",
    [
        MarketUnavailableError("away", status=503, retry_after=7.0, hint="wait"),
        CallQuotaError("used up", retry_after=60.0, hint="spread"),
        RequestRefusedError("no", status=401, error_code=10002, hint="a key"),
        UnexpectedAnswerError("odd"),
    ],
)
def test_a_failure_is_everybodys_for_a_while(tmp_path: Path, error: MarketError) -> None:
    path = tmp_path / "0.failure.json"
    assert find_failure(path, MOMENT) is None
    keep_failure(path, error, MOMENT)
    found = find_failure(path, MOMENT - timedelta(seconds=1))
    assert type(found) is type(error)
    assert vars(found) == {**vars(error), "message": f"{error.message}, at 2018-02-05T14:00:00Z"}
    assert find_failure(path, MOMENT) is None
    path.write_bytes(path.read_bytes()[:-1])
    assert find_failure(path, MOMENT - DAY) is None
