"""Episodes of real prices: as many as a computation by hand finds, each delivered once, whatever happens."""

import csv
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest

from pipeline_lib.alerts.episodes import follow
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import policy_of
from pipeline_lib.specs import PipelineSpec, Thresholds
from tests.fixtures.folders import memory_folder
from tests.system.replays import DATABASE_FILE, HOUR, NEVER, Replay, observation, spec_of
from tests.system.world import PROJECT

PRICES = PROJECT.parent / "shared" / "data" / "prices" / "bitcoin_usd_1h.csv"
SEEDS = int(os.environ.get("EPISODE_SEEDS", "24"))
HOURS = 48
HOURS_IN_A_ROW = int(os.environ.get("EPISODE_HOURS", "600"))
SPEC = spec_of(Thresholds(NEVER, Decimal(10)))
DAY = 24
CLEAR = Fraction(7, 10)

pytestmark = pytest.mark.skipif(not PRICES.exists(), reason=f"needs the real prices in {PRICES}")

Events = list[tuple[str, str, datetime]]
Prices = dict[datetime, Decimal]
OpenReplay = Callable[[PipelineSpec, Prices], Replay]


@pytest.fixture(scope="module")
def prices() -> Prices:
    with PRICES.open(newline="") as file:
        rows = csv.DictReader(file)
        return {datetime.fromisoformat(row["timestamp"]): Decimal(row["close_usd"]) for row in rows}


def by_hand(prices: Prices, hours: int, threshold: int) -> Iterator[tuple[str, str, datetime]]:
    """The events of the moves over some hours, by a computation that shares no code."""
    closes, side, step = [Fraction(price) for price in prices.values()], 0, 0
    for index, moment in list(enumerate(prices))[hours:]:
        move = (closes[index] / closes[index - hours] - 1) * 100 / threshold
        size, way = abs(move), 1 if move > 0 else -1
        if size >= 1 and side != way:
            side, step = way, int(size)
            yield f"{hours}h", "fired", moment
        elif side and size < CLEAR:
            side = 0
            yield f"{hours}h", "cleared", moment
        elif side == way and int(size) > step:
            step = int(size)
            yield f"{hours}h", "grown", moment


def delivered_by(replay: Replay) -> Events:
    return [(event.rule.name, event.kind.value, event.moment) for event in replay.delivered()]


def test_the_real_prices_have_as_many_episodes_as_counted_by_hand(prices: Prices) -> None:
    own = SPEC.of_coin("bitcoin")
    _, day_rule = rules_of(own)
    rows = [observation(moment, price) for moment, price in prices.items()]
    readings = day_rule.readings(rows, datetime.min.replace(tzinfo=UTC))
    transitions = follow(readings, day_rule.info, policy_of(own, day_rule))
    events = [
        ("24h", transition.event.kind.value, transition.moment)
        for transition in transitions
        if transition.event
    ]
    assert events == list(by_hand(prices, DAY, 10))
    assert Counter(kind for _, kind, _ in events) == {"fired": 134, "cleared": 134, "grown": 16}


@pytest.fixture
def open_replay(migrated_sqlite: Path) -> Iterator[OpenReplay]:
    with memory_folder("coin-pipelines-episodes-") as parent, ExitStack() as opened:
        numbers = count()

        def open_replay(spec: PipelineSpec, prices: Prices) -> Replay:
            opened.close()
            folder = parent / str(next(numbers))
            folder.mkdir()
            shutil.copyfile(migrated_sqlite, folder / DATABASE_FILE)
            replay = Replay(spec, folder, prices)
            opened.callback(replay.database.close)
            return replay

        yield open_replay


def test_run_by_run_over_weeks_each_event_is_delivered_once(prices: Prices, open_replay: OpenReplay) -> None:
    replay = open_replay(SPEC, dict(list(prices.items())[:HOURS_IN_A_ROW]))
    live_through(replay, list(replay.prices), seeded(0))
    settle(replay)
    expected = list(by_hand(dict(replay.prices), DAY, 10))
    assert sorted(delivered_by(replay)) == sorted(expected)
    assert len(expected) > HOURS_IN_A_ROW // 50


def test_retries_restarts_and_failures_in_any_order_deliver_each_event_once(
    prices: Prices, open_replay: OpenReplay
) -> None:
    happened = 0
    for seed in range(SEEDS):
        replay = open_replay(*stretch_of(prices, seed))
        for moment in list(replay.prices):
            live_through(replay, [moment], seeded(f"{seed} {moment}"))
        settle(replay)
        expected = [*by_hand(dict(replay.prices), 1, 2), *by_hand(dict(replay.prices), DAY, 5)]
        assert sorted(delivered_by(replay)) == sorted(expected), seed
        happened += len(expected)
    assert happened > 4 * SEEDS


def test_runs_out_of_order_repeat_no_event_and_lose_no_episode(
    prices: Prices, open_replay: OpenReplay
) -> None:
    for seed in range(0, SEEDS, 2):
        replay = open_replay(*stretch_of(prices, seed))
        chance = seeded(seed)
        late_by = {moment: moment + chance.choice([0, 0, 0, 1, 2, 5]) * HOUR for moment in replay.prices}
        live_through(replay, sorted(late_by, key=lambda moment: (late_by[moment], moment)), chance)
        settle(replay)
        delivered = delivered_by(replay)
        assert len(set(delivered)) == len(delivered), seed
        for hours, threshold in ((1, 2), (DAY, 5)):
            events = [
                event for event in by_hand(dict(replay.prices), hours, threshold) if event[1] != "grown"
            ]
            assert not list(undelivered_episodes(events, delivered)), seed


def seeded(seed: int | str) -> random.Random:
    return random.Random(seed)  # noqa: S311 (chance that can be had again)


def stretch_of(prices: Prices, seed: int) -> tuple[PipelineSpec, Prices]:
    """A stretch of the series of its own for each seed."""
    first = seed * (len(prices) // SEEDS)
    return spec_of(Thresholds(Decimal(2), Decimal(5))), dict(list(prices.items())[first : first + HOURS])


def live_through(replay: Replay, moments: Sequence[datetime], chance: random.Random) -> None:
    """Runs with failures, some of them tried again, and earlier runs repeated; no memory but the disk's."""
    for moment in moments:
        replay.slack.failures = chance.choice([0, 0, 1, 2])
        while not replay.attempt(moment) and chance.random() < 0.5:
            pass
        if chance.random() < 0.3:
            replay.attempt(chance.choice(sorted(replay.fetched)))


def settle(replay: Replay) -> None:
    replay.slack.failures = 0
    replay.run(max(replay.fetched))


def undelivered_episodes(events: Events, delivered: Events) -> Iterator[tuple[str, str, datetime]]:
    """Episodes in which no message says that they began."""
    ends = [moment for _, _, moment in events[1:]] + [datetime.max.replace(tzinfo=UTC)]
    for (rule, kind, moment), end in zip(events, ends, strict=False):
        if kind == "fired" and not any(
            (rule, kind) == (delivered_rule, delivered_kind) and moment <= last_event_at <= end
            for delivered_rule, delivered_kind, last_event_at in delivered
        ):
            yield rule, kind, moment
