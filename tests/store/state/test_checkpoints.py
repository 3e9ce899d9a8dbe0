from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.events import Episode
from pipeline_lib.store.state.checkpoints import Checkpoint, Checkpoints
from tests.alerts.samples import MOMENT, at

EPISODE = Episode(at(-3), -1, 2, at(-1))


def _checkpoint(hours: float = 0, episode: Episode | None = EPISODE) -> Checkpoint:
    return Checkpoint(at(hours), at(hours - 24), episode)


@pytest.mark.parametrize("episode", [EPISODE, None])
def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path, episode: Episode | None) -> None:
    checkpoints = Checkpoints.of(tmp_path, "24h", "move 24h 8")
    assert checkpoints.find(before=at(1), preferred_up_to=MOMENT) is None
    checkpoints.save(_checkpoint(episode=episode))
    assert checkpoints.find(before=at(1), preferred_up_to=MOMENT) == _checkpoint(episode=episode)


@pytest.mark.parametrize(
    ("run", "found"), [(-10, None), (0, None), (1, 0), (48, 0), (72, 24), (95, 24), (96, 48), (1000, 48)]
)
def test_a_run_begins_at_the_last_one_two_days_before_or_else_at_the_first(
    tmp_path: Path, run: int, found: int | None
) -> None:
    checkpoints = Checkpoints(tmp_path)
    for hours in (24, 0, 48):
        checkpoints.save(_checkpoint(hours))
    expected = None if found is None else _checkpoint(found)
    assert checkpoints.find(before=at(run), preferred_up_to=at(run) - timedelta(hours=48)) == expected


def test_the_first_checkpoint_of_a_moment_stays(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint())
    checkpoints.save(_checkpoint(episode=None))
    assert checkpoints.find(before=at(1), preferred_up_to=MOMENT) == _checkpoint()


def test_a_rule_with_other_settings_begins_anew(tmp_path: Path) -> None:
    Checkpoints.of(tmp_path, "24h", "move 24h 8").save(_checkpoint())
    assert Checkpoints.of(tmp_path, "24h", "move 24h 5").find(before=at(1), preferred_up_to=MOMENT) is None


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    (tmp_path / "20180205T140000Z.json").write_text("{}")
    with pytest.raises(AlertStateDamagedError, match="alerts that it records may then be delivered again"):
        checkpoints.find(before=at(1), preferred_up_to=MOMENT)
