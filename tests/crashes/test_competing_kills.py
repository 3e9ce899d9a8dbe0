"""Two processes with all steps, both killed at random points, and then tried again."""

import os
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.steps import all_steps
from tests.crashes.scene import KILLED, REPEAT, Job, Scene
from tests.steps.world import CRASH

STEPS = [step.__name__ for step in all_steps()]
KILLS = int(os.environ.get("CRASH_KILLS", "40"))
# A fifth is enough where each state to set back is a database to copy.
KILLS_ON_POSTGRESQL = KILLS // 5
# Both are within the longest age of a quote from where the market stands.
LATER = CRASH + timedelta(minutes=4)

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")


def _comparable(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is the same whoever was first: not the order of rows in log and manifest, nor notes on it."""
    return {
        name: b"".join(sorted(content.splitlines(keepends=True)))
        if name == "btc_raw.csv" or name.startswith("manifests/")
        else content
        for name, content in files.items()
    }


MOMENTS = pytest.mark.parametrize("moments", [(CRASH, CRASH), (CRASH, LATER)], ids=["one run", "two runs"])


@pytest.mark.timeout(1800)
@MOMENTS
def test_retries_lose_nothing_and_double_nothing(scene: Scene, moments: tuple[datetime, datetime]) -> None:
    _kill_and_retry(scene, moments, KILLS // 2)


@pytest.mark.timeout(1800)
@MOMENTS
def test_retries_lose_nothing_and_double_nothing_on_postgresql(
    postgresql_scene: Scene, moments: tuple[datetime, datetime]
) -> None:
    _kill_and_retry(postgresql_scene, moments, KILLS_ON_POSTGRESQL // 2)


def _kill_and_retry(scene: Scene, moments: tuple[datetime, datetime], kills: int) -> None:
    for hour in (2, 1):
        scene.finish(STEPS, CRASH - timedelta(hours=hour))
    scene.save("before")
    scene.market_at = LATER
    unharmed = scene.finish(STEPS, *moments)
    most_points = max(len(ended.passed) for ended in unharmed)
    # Once more, for what a second publication of the first run's day changes.
    scene.finish(STEPS, *moments)
    expected, delivered = scene.state(), set(scene.delivered())
    chance = random.Random(7)  # noqa: S311 - a reproducible choice, not a secret
    killed = tried = 0
    while killed < kills:
        tried += 1
        assert tried < kills * 4
        scene.restore("before")
        count_before = len(scene.delivered())
        jobs = [
            Job(STEPS, moment, chance.randint(1, most_points), chance.random() < 0.3) for moment in moments
        ]
        where = f"try {tried}: {jobs}"
        ended = scene.run(*jobs)
        codes = [one.code for one in ended]
        # Who finds that the other one died while it sent leaves the message to the next try.
        failed = [one.said for one in ended if one.code not in {0, KILLED}]
        assert all("DeliveryUnknownError" in str(said) for said in failed), (where, failed)
        killed += codes.count(KILLED)
        scene.finish(STEPS, *moments)
        found = scene.state()
        assert _comparable(found.files) == _comparable(expected.files), where
        assert set(found.events.values()) <= {"delivered"}, where
        if len(set(moments)) == 1:
            assert found.events == expected.events, where
        log_key = "crypto/btc/raw/btc_raw.csv"
        assert {**found.objects, log_key: ""} == {**expected.objects, log_key: ""}, where
        assert scene.object(log_key) == found.files["btc_raw.csv"], where
        again = scene.delivered()[count_before:]
        assert {text.removeprefix(REPEAT) for text in again} == delivered, where
        # A message a run, and one too many for each kill between Slack's answer and the record of it.
        assert len(again) <= len(set(moments)) + codes.count(KILLED), where
