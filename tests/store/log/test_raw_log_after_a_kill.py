"""The raw log after its writer was killed, the power went, or the disk was full."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import read, read_bytes
from tests.store.log.appending import append

ROWS = 100

WRITER = f"""
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import opened
start = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=int(sys.argv[2]))
sys.stdin.readline()
for number in range({ROWS}):
    moment = start + timedelta(hours=number)
    with opened(Path(sys.argv[1])) as log:
        log.append(Observation(
            coin="bitcoin", vs_currency="usd", moment=moment, price=Decimal(sys.argv[2] + "." + str(number)),
            change_1h_percent=None, change_24h_percent=None, market_cap=None, total_volume=None,
            last_updated=moment))
"""


@pytest.fixture
def rows(observation: Observation) -> list[Observation]:
    return [replace(observation, moment=observation.moment + timedelta(hours=hour)) for hour in range(3)]


@pytest.fixture
def log(tmp_path: Path, rows: list[Observation]) -> Path:
    path = tmp_path / "bitcoin_raw.csv"
    for row in rows:
        append(path, row)
    return path


def test_a_log_cut_at_any_byte_is_made_whole_by_the_retries(log: Path, rows: list[Observation]) -> None:
    whole = log.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole)):
        log.write_bytes(whole[:length])
        complete = max(0, sum(end <= length for end in ends) - 1)
        assert read(log) == rows[:complete], length
        assert read_bytes(log) == whole[: ([0, *ends])[sum(end <= length for end in ends)]], length
        missing = [row for row in rows if append(log, row)]
        assert log.read_bytes() == whole, length
        # The one exception to "was not complete": a whole row that lacks nothing but its line end.
        assert missing == rows[complete + (length + 1 in ends[1:]) :], length


def test_a_torn_row_of_one_run_is_cut_off_by_the_next(log: Path, observation: Observation) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole + b"2018-02-05T17:00:00Z,bitcoin,usd,69")
    later = replace(observation, moment=observation.moment + timedelta(hours=9))
    append(log, later)
    append(log, replace(observation, moment=observation.moment + timedelta(hours=3)))
    moments = [line[:20] for line in log.read_bytes()[len(whole) :].splitlines()]
    assert moments == [b"2018-02-05T23:00:00Z", b"2018-02-05T17:00:00Z"]
    assert log.read_bytes().startswith(whole)


def test_a_last_row_without_its_line_end_is_kept(log: Path, rows: list[Observation]) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole.removesuffix(b"\n"))
    assert not append(log, rows[-1])
    assert log.read_bytes() == whole


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 100_000])
@pytest.mark.parametrize("torn", [b"", b"2018-02-05T17:00:00Z,bitc"])
def test_zeros_that_a_power_cut_left_at_the_end_are_cut_off(
    log: Path, observation: Observation, size: int, torn: bytes
) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole + torn + bytes(size))
    append(log, replace(observation, moment=observation.moment + timedelta(hours=9)))
    assert log.read_bytes().startswith(whole + b"2018-02-05T23:00:00Z,")
    assert len(read(log)) == 4


def test_a_full_disk_leaves_the_log_as_it_was(
    log: Path, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, really_write = log.read_bytes(), os.write
    calls = iter([True, False])

    def write(descriptor: int, content: bytes) -> int:
        if next(calls):
            return really_write(descriptor, content[:30])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    late = replace(observation, moment=observation.moment + timedelta(hours=9))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            append(log, late)
    assert log.read_bytes() == whole
    assert append(log, late)


def test_a_full_disk_leaves_a_first_log_empty(
    tmp_path: Path, observation: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = tmp_path / "new.csv"
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            append(log, observation)
    assert read(log) == []
    assert append(log, observation)
    assert read(log) == [observation]


def test_two_processes_that_append_at_once_lose_no_row(tmp_path: Path) -> None:
    log = tmp_path / "bitcoin_raw.csv"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(log), minute], stdin=subprocess.PIPE, text=True)
        for minute in ("1", "2")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    found = read(log)
    assert len(found) == 2 * ROWS
    assert log.read_bytes().count(b"timestamp,") == 1
    for minute in (1, 2):
        own = [str(row.price) for row in found if row.moment.minute == minute]
        assert own == [f"{minute}.{number}" for number in range(ROWS)]
