"""The raw log after an editor, another version, a vanished folder or a disk without room."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import read, read_since
from pipeline_lib.store.log.raw_rows import HEADER, encode_row
from tests.store.log.appending import append

FULL_DISK = """
import resource, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import opened
log, room = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + room, resource.RLIM_INFINITY))
moment = datetime(2018, 2, 5, 23, tzinfo=UTC)
try:
    with opened(log) as rows:
        rows.append(Observation("bitcoin", "usd", moment, Decimal(1), None, None, None, None, moment))
except OSError as error:
    print(error.strerror)
"""


@pytest.fixture
def log(tmp_path: Path, observation: Observation) -> Path:
    path = tmp_path / "data" / "raw.csv"
    for hours in range(3):
        append(path, _later(observation, hours))
    return path


def _later(observation: Observation, hours: int) -> Observation:
    return replace(observation, moment=observation.moment + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("change", "reason", "hint"),
    [
        (
            lambda content: content.replace(b"\n", b"\r\n"),
            "its lines end in CRLF, as an editor may leave them, instead of LF",
            "coin-pipelines replay makes the log again from the archive",
        ),
        (
            lambda content: b"".join(line.rpartition(b",")[0] + b"\n" for line in content.splitlines()),
            "an older version wrote it: it lacks last_updated",
            "coin-pipelines replay makes the log again from the archive",
        ),
        (
            lambda content: content.replace(b"\n", b",1\n").replace(b"_updated,1", b"_updated,high,low"),
            "a newer version wrote it: it also has high, low",
            "upgrade coin-pipelines",
        ),
    ],
    ids=["CRLF", "older", "newer"],
)
def test_a_log_of_another_form_is_told_and_left(
    log: Path, observation: Observation, change: Callable[[bytes], bytes], reason: str, hint: str
) -> None:
    content = change(log.read_bytes())
    log.write_bytes(content)
    for use in (
        lambda: append(log, _later(observation, 9)),
        lambda: read(log),
        lambda: read_since(log, observation.moment),
    ):
        with pytest.raises(TableDamagedError) as caught:
            use()
        assert (caught.value.line, caught.value.hint) == (1, hint)
        assert reason in caught.value.message
    assert log.read_bytes() == content


def test_single_rows_that_end_in_crlf_are_rows(log: Path, observation: Observation) -> None:
    row = encode_row(_later(observation, 1)).encode()
    log.write_bytes(log.read_bytes().replace(row, row[:-1] + b"\r\n"))
    assert not append(log, _later(observation, 1))
    assert append(log, _later(observation, 3))
    assert read(log) == [_later(observation, hours) for hours in range(4)]


def test_a_row_that_was_spoilt_by_hand_fails_whoever_reads_it_and_is_left(
    log: Path, observation: Observation
) -> None:
    content = log.read_bytes().replace(b"6955.270", b"n/a", 1)
    log.write_bytes(content)
    with pytest.raises(TableDamagedError, match=r"raw\.csv:2: price is 'n/a', not a number"):
        read(log)
    assert append(log, _later(observation, 9))
    assert log.read_bytes() == content + encode_row(_later(observation, 9)).encode()


def test_a_folder_that_vanished_is_made_again(log: Path, observation: Observation) -> None:
    shutil.rmtree(log.parent)
    assert (read(log), read_since(log, observation.moment)) == ([], [])
    assert append(log, observation)
    assert log.read_bytes() == (HEADER + encode_row(observation)).encode()


@pytest.mark.parametrize("room", [0, 1, 40])
def test_a_disk_that_takes_a_part_of_a_row_leaves_the_log_as_it_was(log: Path, room: int) -> None:
    content = log.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(log), str(room)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "File too large\n"
    assert log.read_bytes() == content


def test_a_folder_in_the_place_of_the_log_is_told(tmp_path: Path, observation: Observation) -> None:
    with pytest.raises(IsADirectoryError):
        append(tmp_path, observation)
    assert list(tmp_path.iterdir()) == []
