"""A change of name and a removal, killed at each call that writes, and then tried again."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.steps import all_steps
from tests.crashes.scene import KILLED, Job, Scene
from tests.steps.world import CRASH

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")

# Each of them in make test-crashes.
KILL_EVERY = 1 if "CRASH_KILLS" in os.environ else 4
CHANGES = ("rename", "unlink", "rmdir", "commit")
"""What a kill can come before or after; the other calls change nothing that is seen later."""


@pytest.mark.parametrize("command", ["rename", "remove"])
def test_the_same_command_does_the_rest_wherever_it_was_killed(scene: Scene, command: str) -> None:
    steps = [step.__name__ for step in all_steps()]
    # The later day closes a manifest.
    scene.finish(steps, CRASH, CRASH + timedelta(days=1))
    before = scene.save("before")
    (unharmed,) = scene.finish([command], CRASH)
    expected, delivered = scene.state(), scene.delivered()
    assert expected != before
    points = [
        (number, point)
        for number, point in enumerate(unharmed.passed, start=1)
        if point[0] in CHANGES or point[1].startswith(("PUT", "DELETE"))
    ]
    for kill_at, point in points[::KILL_EVERY]:
        where = f"{command}, killed at point {kill_at} {point}"
        scene.restore("before")
        (ended,) = scene.run(Job([command], CRASH, kill_at))
        assert ended.code == KILLED, (where, ended.said)
        scene.finish([command], CRASH)
        assert scene.state() == expected, where
        assert not scene.leftovers(), where
    assert scene.delivered() == delivered
