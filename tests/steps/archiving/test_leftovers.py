"""Temporary files of killed processes: removed by the first run of a later day."""

import logging
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.steps.world import CRASH, World

TOKEN = "0123456789abcdef.tmp"
LEFT = (
    f"archive/btc/.20180205T130000Z.json.{TOKEN}",
    f"archive/btc/.20180205T130000Z.csv.{TOKEN}",
    f"archive/btc/.keeper.{TOKEN}",
    f"manifests/btc/.2018-02-04.sha256.{TOKEN}",
    f".btc_raw.csv.{TOKEN}",
    f"..btc_raw.csv.progress.{TOKEN}",
    f".btc_processed.csv.{TOKEN}",
    f"..btc_processed.csv.progress.{TOKEN}",
)
OTHERS = (f".eth_raw.csv.{TOKEN}", f"archive/.x.{TOKEN}", f"archive/eth/.20180205T130000Z.json.{TOKEN}")


def leave(world: World, *names: str, hours: int) -> None:
    for name in names:
        path = world.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        changed = path.stat().st_mtime - hours * 3600
        os.utime(path, (changed, changed))


def left(world: World) -> set[str]:
    return {str(path.relative_to(world.data)) for path in world.data.rglob(".*.tmp")}


@pytest.fixture
def lasting(world: World) -> World:
    """A world that has run, by a clock that is as far as the file system's."""
    world.fetch(CRASH)
    return world.at_the_real_time()


def test_the_first_run_of_a_later_day_removes_what_is_older_than_a_day(
    lasting: World, caplog: pytest.LogCaptureFixture
) -> None:
    leave(lasting, *LEFT, *OTHERS, hours=25)
    leave(lasting, f"archive/btc/.20180205T140000Z.json.{TOKEN}", hours=1)
    kept = {*OTHERS, f"archive/btc/.20180205T140000Z.json.{TOKEN}"}
    before = lasting.files()
    lasting.fetch(CRASH + timedelta(hours=1))
    assert left(lasting) == {*LEFT, *kept}
    with caplog.at_level(logging.INFO):
        lasting.fetch(CRASH + timedelta(days=1))
    assert left(lasting) == kept
    assert "8 temporary files of killed processes were removed" in caplog.text
    assert before.items() - lasting.files().items() == {("btc_raw.csv", before["btc_raw.csv"])}


def test_what_cannot_be_removed_is_logged_and_fails_no_run(
    lasting: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(lasting, LEFT[0], hours=25)

    def refuse(path: Path, *_arguments: object, **_options: object) -> None:
        if path.name.endswith(TOKEN):
            raise PermissionError(1, "Operation not permitted")
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - the method itself is replaced

    monkeypatch.setattr(Path, "unlink", refuse)
    lasting.fetch(CRASH + timedelta(days=1))
    assert left(lasting) == {LEFT[0]}
    assert "temporary files of killed processes can't be removed: [Errno 1] Operation not" in caplog.text
