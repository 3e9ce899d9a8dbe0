from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.database.alerting import checkpoints
from pipeline_lib.database.alerting.checkpoints import Checkpoint, RuleKey
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.events import Episode
from tests.alerts.samples import MOMENT, at
from tests.fixtures.recorded import record, series_of
from tests.system.replays import observation

DAY = timedelta(days=1)
EPISODE = Episode(at(-30), -1, 3, at(-2))


def _key(database: Database, rule: str = "1h", settings: str = "move 1h 3 clear 0.7") -> RuleKey:
    with database.writing() as connection:
        record(connection, [observation(MOMENT, Decimal(1))])
        return RuleKey(series_of(connection).id, rule, settings)


@pytest.mark.parametrize("episode", [None, EPISODE])
def test_a_checkpoint_comes_back_and_the_first_of_its_moment_stays(
    database: Database, episode: Episode | None
) -> None:
    key, kept = _key(database), Checkpoint(MOMENT, at(-24), episode)
    with database.writing() as connection:
        checkpoints.save_all(connection, [(key, kept)])
        checkpoints.save_all(connection, [(key, Checkpoint(MOMENT, at(-1), EPISODE))])
        found = checkpoints.find_all(connection, [key], before=at(1), preferred_up_to=at(1))
    assert found == {key: kept}


@pytest.mark.parametrize(
    ("before", "preferred", "expected"),
    [(9, 2, 1), (9, 0, 0), (9, -1, 0), (3, 2.5, 2), (2, -1, 0), (0, -1, None), (9, 9, 3)],
)
def test_the_last_one_early_enough_is_found_else_the_first_before_the_run(
    database: Database, before: float, preferred: float, expected: int | None
) -> None:
    key = _key(database)
    with database.writing() as connection:
        days = (Checkpoint(MOMENT + day * DAY, MOMENT, None) for day in (3, 0, 2, 1))
        checkpoints.save_all(connection, ((key, each) for each in days))
        limit, wish = MOMENT + before * DAY, MOMENT + preferred * DAY
        if preferred == 2:
            wish -= timedelta(seconds=1)
        found = checkpoints.find_all(connection, [key], before=limit, preferred_up_to=wish)
    days_after = {each: (checkpoint.moment - MOMENT) // DAY for each, checkpoint in found.items()}
    assert days_after == ({} if expected is None else {key: expected})


def test_other_settings_and_other_rules_have_others(database: Database) -> None:
    key = _key(database)
    with database.writing() as connection:
        checkpoints.save_all(connection, [(key, Checkpoint(MOMENT, MOMENT, None))])
        others = [RuleKey(key.series_id, "24h", key.settings), RuleKey(key.series_id, "1h", "another")]
        assert checkpoints.find_all(connection, others, before=at(9), preferred_up_to=at(9)) == {}
        found = checkpoints.find_all(connection, [*others, key], before=at(9), preferred_up_to=at(9))
        assert list(found) == [key]


def test_each_rule_over_each_series_has_checkpoints_of_its_own(database: Database) -> None:
    one = _key(database)
    with database.writing() as connection:
        record(connection, [replace(observation(at(1), Decimal(1)), coin="ethereum")])
        other = replace(one, series_id=series_of(connection, coin="ethereum").id)
        day, own = replace(other, rule="24h"), replace(other, settings="move 1h 9 clear 0.7")
        kept = {
            one: Checkpoint(MOMENT + 2 * DAY, at(-1), None),
            other: Checkpoint(MOMENT + DAY, at(-2), EPISODE),
            day: Checkpoint(MOMENT, at(-3), None),
            own: Checkpoint(MOMENT + 3 * DAY, at(-4), EPISODE),
        }
        checkpoints.save_all(connection, kept.items())
        found = checkpoints.find_all(connection, list(kept), before=at(99), preferred_up_to=MOMENT)
        none = checkpoints.find_all(connection, [], before=at(99), preferred_up_to=MOMENT)
    assert (found, none) == (kept, {})
