import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import StoreBusyError
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.settings import Settings
from pipeline_lib.store.cache.history_cache import HistoryCache

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
NAME = "20240303T120000Z-20240530T120000Z-20240601T110000Z.json"

ANSWER = HistoryAnswer(
    start=NOW - 90 * DAY,
    end=NOW - 2 * DAY,
    requested_at=NOW - timedelta(hours=1),
    url="https://example.invalid/api/v3/coins/bitcoin/market_chart/range?from=1&to=2",
    body=b'{"prices":\t[[1,7202.50]]\n,"note":"\xe2\x82\xbf"}',
)


@pytest.fixture
def cache(tmp_path: Path) -> HistoryCache:
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path)}, project_folder=tmp_path)
    return HistoryCache.of("bitcoin", "usd", settings, NOW)


def at(cache: HistoryCache, now: datetime) -> HistoryCache:
    return replace(cache, now=now)


def find(cache: HistoryCache) -> HistoryAnswer | None:
    return cache.find(ANSWER.start, ANSWER.end, ANSWER.requested_at)


def test_an_answer_is_found_letter_for_letter(cache: HistoryCache, tmp_path: Path) -> None:
    cache.keep(ANSWER)
    assert find(cache) == ANSWER
    assert cache.starts() == [ANSWER.start]
    path = tmp_path / "history" / "bitcoin-usd" / NAME
    document = json.loads(path.read_bytes())
    assert document["answer"] == json.loads(ANSWER.body)
    assert document["source"]["from"] == "2024-03-03T12:00:00Z"
    assert [path.name for path in cache.folder.iterdir()] == [NAME]


def test_nothing_is_found_where_nothing_is(cache: HistoryCache) -> None:
    assert (find(cache), cache.starts()) == (None, [])


@pytest.mark.parametrize(
    ("start", "end", "asked_from", "is_found"),
    [
        (0, 0, 0, True),
        (5, -5, -5, True),
        (-1, 0, 0, False),
        (0, 1, 0, False),
        (0, 0, 1, False),
    ],
)
def test_an_answer_serves_what_lies_in_its_range_and_before_its_asking(
    cache: HistoryCache,
    start: int,
    end: int,
    asked_from: int,
    is_found: bool,  # noqa: FBT001
) -> None:
    cache.keep(ANSWER)
    answer = cache.find(
        ANSWER.start + start * SECOND, ANSWER.end + end * SECOND, ANSWER.requested_at + asked_from * SECOND
    )
    assert answer == (ANSWER if is_found else None)


def test_the_latest_answer_counts(cache: HistoryCache) -> None:
    later = replace(ANSWER, requested_at=NOW, body=b"{}")
    cache.keep(later)
    cache.keep(ANSWER)
    assert find(cache) == later


@pytest.mark.parametrize(
    ("later", "is_found"),
    [(-timedelta(minutes=62), False), (timedelta(0), True), (7 * DAY, False), (6 * DAY, True)],
)
def test_an_answer_is_of_use_for_a_week(
    cache: HistoryCache,
    later: timedelta,
    is_found: bool,  # noqa: FBT001
) -> None:
    cache.keep(ANSWER)
    assert (find(at(cache, NOW + later)) is not None) == is_found


def test_the_old_ones_of_all_coins_are_let_go_of(cache: HistoryCache) -> None:
    other = replace(cache, folder=cache.folder.with_name("ethereum-usd"))
    other.keep(ANSWER)
    at(cache, NOW + 8 * DAY).keep(replace(ANSWER, requested_at=NOW + 8 * DAY))
    assert list(other.folder.iterdir()) == []
    assert len(list(cache.folder.iterdir())) == 1


def test_no_more_than_eight_are_kept(cache: HistoryCache) -> None:
    for number in range(12):
        cache.keep(replace(ANSWER, requested_at=NOW - (12 - number) * SECOND))
    assert sorted(path.name[-8:] for path in cache.folder.iterdir()) == [
        f"{second}Z.json"[-8:] for second in range(52, 60)
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content.replace(b"7202.50", b"9202.50"),
        lambda content: content.replace(b'"to": "2024-05-30', b'"to": "2024-05-31'),
        lambda content: b"\xff\n" + content,
        lambda _: b'[]\n "answer": {}\n}\n',
        lambda _: b'{\n "source": 7,\n "answer": {}\n}\n',
        lambda _: b"x" * 10_000,
    ],
)
def test_a_torn_or_foreign_file_counts_as_none(cache: HistoryCache, damage: object) -> None:
    cache.keep(ANSWER)
    path = cache.folder / NAME
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    assert find(cache) is None
    cache.keep(ANSWER)
    assert find(cache) == ANSWER


def test_files_of_others_are_left_alone(cache: HistoryCache) -> None:
    cache.folder.mkdir(parents=True)
    foreign = ["notes.json", "20240230T000000Z-20240301T000000Z-20240601T110000Z.json", "x.csv"]
    for name in foreign:
        (cache.folder / name).write_text("mine")
    (cache.folder.parent / "a-file.json").write_text("mine")
    cache.keep(ANSWER)
    assert sorted(path.name for path in cache.folder.iterdir()) == sorted([*foreign, NAME])


def test_a_file_that_vanishes_while_it_is_looked_for_counts_as_none(cache: HistoryCache) -> None:
    cache.folder.mkdir(parents=True)
    (cache.folder / NAME).symlink_to("nowhere")
    assert find(cache) is None


def test_one_process_asks_at_a_time(cache: HistoryCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_lib.store.cache.history_cache._LONGEST_WAIT_SECONDS", 0.05)
    with cache.lock(), pytest.raises(StoreBusyError), cache.lock():
        pass
