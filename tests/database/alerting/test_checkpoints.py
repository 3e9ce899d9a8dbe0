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
        checkpoints.save(connection, key, kept)
        checkpoints.save(connection, key, Checkpoint(MOMENT, at(-1), EPISODE))
        assert checkpoints.find(connection, key, before=at(1), preferred_up_to=at(1)) == kept


@pytest.mark.parametrize(
    ("before", "preferred", "expected"),
    [(9, 2, 1), (9, 0, 0), (9, -1, 0), (3, 2.5, 2), (2, -1, 0), (0, -1, None), (9, 9, 3)],
)
def test_the_last_one_early_enough_is_found_else_the_first_before_the_run(
    database: Database, before: float, preferred: float, expected: int | None
) -> None:
    key = _key(database)
    with database.writing() as connection:
        for day in (3, 0, 2, 1):
            checkpoints.save(connection, key, Checkpoint(MOMENT + day * DAY, MOMENT, None))
        limit, wish = MOMENT + before * DAY, MOMENT + preferred * DAY
        if preferred == 2:
            wish -= timedelta(seconds=1)
        found = checkpoints.find(connection, key, before=limit, preferred_up_to=wish)
    assert (found and (found.moment - MOMENT) // DAY) == expected


def test_other_settings_and_other_rules_have_others(database: Database) -> None:
    key = _key(database)
    with database.writing() as connection:
        checkpoints.save(connection, key, Checkpoint(MOMENT, MOMENT, None))
        for other in (RuleKey(key.series_id, "24h", key.settings), RuleKey(key.series_id, "1h", "another")):
            assert checkpoints.find(connection, other, before=at(9), preferred_up_to=at(9)) is None
