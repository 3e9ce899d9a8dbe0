"""The run that closes a day's manifest, killed at each call that writes it, and then tried again."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.crashes.scene import KILLED, Job, Scene
from tests.steps.world import CRASH

FETCH = ["fetch_and_save_price"]
MANIFEST = f"manifests/btc/{CRASH - timedelta(days=1):%Y-%m-%d}.sha256"

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")


@pytest.mark.parametrize("left", ["nothing", "an open manifest"])
def test_a_killed_run_leaves_the_closed_manifest_to_the_next(scene: Scene, left: str) -> None:
    scene.finish(FETCH, CRASH - timedelta(hours=15))
    if left == "an open manifest":
        # As versions without a database left it.
        path = scene.data / MANIFEST
        path.parent.mkdir(parents=True)
        path.write_bytes(b"# first\n")
    scene.save("before")
    (unharmed,) = scene.finish(FETCH, CRASH)
    expected = scene.state()
    assert expected.files[MANIFEST].startswith(b"# first\n")
    points = [number for number, (_, place) in enumerate(unharmed.passed, 1) if place.startswith("manifests")]
    assert points
    for kill_at in [*points, points[-1] + 1]:
        scene.restore("before")
        (ended,) = scene.run(Job(FETCH, CRASH, kill_at))
        assert ended.code == KILLED, ended.said
        scene.finish(FETCH, CRASH)
        assert scene.state() == expected, (kill_at, unharmed.passed[kill_at - 1])
