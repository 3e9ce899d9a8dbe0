"""Each step, killed at each call that writes, and then tried again."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.steps import all_steps
from tests.crashes.scene import KILLED, REPEAT, Job, Scene, State
from tests.steps.world import CRASH

STEPS = [step.__name__ for step in all_steps()]

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("earlier_hours", [0, 2])
def test_a_retry_ends_in_the_same_bytes_wherever_the_step_was_killed(
    scene: Scene, step: str, earlier_hours: int
) -> None:
    for hour in range(earlier_hours, 0, -1):
        scene.finish(STEPS, CRASH - timedelta(hours=hour))
    scene.finish(STEPS[: STEPS.index(step)], CRASH)
    scene.save("before")
    count_before = len(scene.delivered())
    (unharmed,) = scene.finish([step], CRASH)
    expected, delivered = scene.state(), scene.delivered()[count_before:]
    points = unharmed.passed
    assert points
    for kill_at, is_torn in _kills(points):
        where = f"{step}, killed at point {kill_at} {points[kill_at - 1]}{' torn' * is_torn}"
        scene.restore("before")
        count_before = len(scene.delivered())
        (ended,) = scene.run(Job([step], CRASH, kill_at, is_torn))
        assert ended.code == KILLED, (where, ended.said)
        _assert_nothing_final_is_wrong(scene, expected, where)
        scene.finish([step], CRASH)
        assert scene.state() == expected, where
        assert len(scene.leftovers()) <= 1, where
        again = scene.delivered()[count_before:]
        assert again == delivered or again in _repeated(delivered, points, kill_at), where


def _kills(points: Sequence[tuple[str, str]]) -> list[tuple[int, bool]]:
    before = [(number, False) for number in range(1, len(points) + 1)]
    torn = [(number, True) for number, (name, _) in enumerate(points, start=1) if name in ("write", "pwrite")]
    return before + torn


def _assert_nothing_final_is_wrong(scene: Scene, expected: State, where: str) -> None:
    """What must never change is there as it stays, or not at all."""
    found = scene.state()
    for name, content in found.files.items():
        if name.startswith("archive/") and name.endswith(("Z.json", "Z.csv")):
            assert content == expected.files[name], (where, name)
    for key, etag in found.objects.items():
        if "/hour=" in key:
            assert etag == expected.objects[key], (where, key)


def _repeated(
    delivered: Sequence[str], points: Sequence[tuple[str, str]], kill_at: int
) -> list[Sequence[str]]:
    """What Slack may have been told, when the message was reserved and its delivery not recorded yet."""
    commits = [number for number, (name, _) in enumerate(points, 1) if name == "commit"]
    asked = next((number for number, (_, place) in enumerate(points, 1) if "POST /services" in place), None)
    if asked is None or kill_at <= max(number for number in commits if number < asked):
        return []
    recorded = min(number for number in commits if number > asked)
    marked = [f"{REPEAT}{text}" for text in delivered]
    return [marked, [*delivered, *marked]] if kill_at <= recorded else []
