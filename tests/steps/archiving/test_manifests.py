import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest

from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.parts import add_snapshots, record_of
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, manifests
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import ManifestConflictError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.manifests import open_manifest, read_manifests, write_closed_manifests
from tests.fixtures.files import touched

Arrive = Callable[..., Record]

# 14:00 of the 5th, 23:00, two hours of the 6th and a late one, the 7th, the 9th.
HOURS = (0, 9, 10, 11, 1, 35, 82)


@pytest.fixture
def database(database_address: Secret) -> Iterator[PreparedDatabase]:
    with closing(PreparedDatabase(database_address)) as database:
        yield database


@pytest.fixture
def arrive(database: PreparedDatabase, layout: Layout, snapshot: Snapshot) -> Arrive:
    """Archives a coin's hour and records it."""

    def arrive(hours: int, coin: str = "bitcoin") -> Record:
        moment = snapshot.observation.moment + timedelta(hours=hours)
        observation = replace(snapshot.observation, moment=moment, coin=coin)
        archive = FolderArchive(layout.archive)
        part = add_snapshots(archive, "bitcoin", [replace(snapshot, observation=observation)])[-1]
        record = record_of(archive, moment, part.number)
        archived = ArchivedPart(
            moment, part.number, record.json_sha256, record.csv_sha256, snapshot.provenance.requested_at
        )
        with database.writing() as connection:
            arrivals.record(connection, "bitcoin", archived, [observation])
        return record

    return arrive


@pytest.fixture
def write(database: PreparedDatabase, layout: Layout) -> Callable[[], dict[str, bytes]]:
    """Writes what is closed; all files then."""

    def write() -> dict[str, bytes]:
        write_closed_manifests(database, "bitcoin", layout.manifests)
        return _files(layout)

    return write


Write = Callable[[], dict[str, bytes]]


def _sha256sum(layout: Layout, content: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = ["sha256sum", "--check", "--strict", "-"]
    return subprocess.run(command, cwd=layout.archive, input=content, check=False, capture_output=True)


def _first_manifest(database: PreparedDatabase) -> bytes:
    with database.reading() as connection:
        return next(read_manifests(connection, "bitcoin")).content


def _files(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(layout.manifests.glob("*"))}


def test_a_manifest_holds_hashes_and_the_hash_of_the_one_before(arrive: Arrive, write: Write) -> None:
    records = [arrive(hours) for hours in HOURS[:6]]
    files = write()
    assert list(files) == ["2018-02-05.sha256", "2018-02-06.sha256"]
    assert files["2018-02-06.sha256"].decode() == (
        f"# previous 2018-02-05 {sha256(files['2018-02-05.sha256']).hexdigest()}\n"
        f"{records[2].json_sha256}  20180206T000000Z.json\n"
        f"{records[2].csv_sha256}  20180206T000000Z.csv\n"
        f"{records[3].json_sha256}  20180206T010000Z.json\n"
        f"{records[3].csv_sha256}  20180206T010000Z.csv\n"
        f"{records[4].json_sha256}  20180205T150000Z.json\n"
        f"{records[4].csv_sha256}  20180205T150000Z.csv\n"
    )


def test_a_later_part_stands_under_its_own_name(
    arrive: Arrive, write: Write, database: PreparedDatabase
) -> None:
    first, second = arrive(0), arrive(0, "ethereum")
    with database.reading() as connection:
        found = open_manifest(connection, "bitcoin")
    assert found is not None
    assert found.content.decode() == (
        "# first\n"
        f"{first.json_sha256}  20180205T140000Z.json\n{first.csv_sha256}  20180205T140000Z.csv\n"
        f"{second.json_sha256}  20180205T140000Z.2.json\n{second.csv_sha256}  20180205T140000Z.2.csv\n"
    )
    arrive(24)
    assert write() == {"2018-02-05.sha256": found.content}


def test_the_manifests_follow_the_order_of_arrival(
    arrive: Arrive, write: Write, database: PreparedDatabase
) -> None:
    records = [arrive(hours) for hours in HOURS]
    days = {
        "2018-02-05": records[:2],
        "2018-02-06": records[2:5],
        "2018-02-07": records[5:6],
        "2018-02-09": records[6:],
    }
    expected: dict[str, bytes] = {}
    link = "# first\n"
    for day, of_day in days.items():
        lines = (
            f"{digest}  {each.moment:%Y%m%dT%H%M%SZ}.{suffix}\n"
            for each in of_day
            for digest, suffix in ((each.json_sha256, "json"), (each.csv_sha256, "csv"))
        )
        expected[f"{day}.sha256"] = (link + "".join(lines)).encode()
        link = f"# previous {day} {sha256(expected[f'{day}.sha256']).hexdigest()}\n"
    with database.reading() as connection:
        made = {f"{each.day}.sha256": each.content for each in read_manifests(connection, "bitcoin")}
    assert made == expected
    assert write() == dict(list(expected.items())[:-1])


def test_sha256sum_accepts_every_manifest(
    arrive: Arrive, write: Write, database: PreparedDatabase, layout: Layout
) -> None:
    for hours in HOURS:
        arrive(hours)
    arrive(1, "ethereum")
    write()
    with database.reading() as connection:
        newest = open_manifest(connection, "bitcoin")
    assert newest is not None
    for content in [*_files(layout).values(), newest.content]:
        checked = _sha256sum(layout, content)
        assert checked.returncode == 0, checked.stderr
    path = layout.snapshot_csv(datetime.fromisoformat("2018-02-05T15:00Z"), 2)
    path.chmod(0o644)
    path.write_bytes(b"other")
    checked = _sha256sum(layout, newest.content)
    assert (checked.returncode, b"20180205T150000Z.2.csv: FAILED" in checked.stdout) == (1, True)


def test_a_manifest_is_written_once_and_read_only(arrive: Arrive, write: Write, layout: Layout) -> None:
    for hours in HOURS[:3]:
        arrive(hours)
    write()
    path = layout.manifests / "2018-02-05.sha256"
    before = touched(path)
    write()
    assert touched(path) == before
    assert not before.mode & 0o222


def test_what_a_killed_process_left_out_is_written_by_the_next(
    arrive: Arrive, write: Write, database: PreparedDatabase, layout: Layout
) -> None:
    for hours in HOURS[:3]:
        arrive(hours)
    # Killed before it wrote anything, and then between the file and the note of it.
    for hours in HOURS[3:]:
        arrive(hours)
    expected = write()
    assert list(expected) == ["2018-02-05.sha256", "2018-02-06.sha256", "2018-02-07.sha256"]
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM manifests WHERE day > '2018-02-06'")
        assert manifests.has_unwritten(connection, "bitcoin")
    assert write() == expected
    with database.reading() as connection:
        assert not manifests.has_unwritten(connection, "bitcoin")
        assert [each.day.date() for each in manifests.read(connection, "bitcoin")] == [
            date(2018, 2, day) for day in (5, 6, 7)
        ]
    assert _files(layout) == expected


def test_what_an_earlier_version_left_of_its_open_manifest_is_completed(
    arrive: Arrive, write: Write, layout: Layout, database: PreparedDatabase
) -> None:
    for hours in HOURS[:3]:
        arrive(hours)
    whole = _first_manifest(database)
    path = layout.manifests / "2018-02-05.sha256"
    path.parent.mkdir(parents=True)
    for length in (0, 3, len(b"# first\n"), 150, len(whole) - 1, len(whole)):
        with database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM manifests")
        path.write_bytes(whole[:length])
        assert write() == {"2018-02-05.sha256": whole}


@pytest.mark.parametrize("other", [b"", b"# previous", b"another\n"])
def test_another_file_in_its_place_stops_until_a_replay(
    arrive: Arrive, write: Write, layout: Layout, database: PreparedDatabase, other: bytes
) -> None:
    for hours in HOURS[:3]:
        arrive(hours)
    whole = _first_manifest(database)
    path = layout.manifests / "2018-02-05.sha256"
    path.parent.mkdir(parents=True)
    # One that goes on where ours ends is what a database restored from a backup meets.
    content = other or whole + b"0" * 64 + b"  20180205T160000Z.json\n"
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(ManifestConflictError, match="coin-pipelines replay bitcoin") as caught:
            write()
        assert caught.value.path == path
        assert path.read_bytes() == content
        with database.reading() as connection:
            assert manifests.has_unwritten(connection, "bitcoin")


def test_a_full_disk_leaves_it_to_the_next(
    arrive: Arrive, write: Write, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in HOURS[:3]:
        arrive(hours)

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        with pytest.raises(OSError, match="No space left"):
            write()
    assert _files(layout) == {}
    assert list(write()) == ["2018-02-05.sha256"]


def test_before_the_first_arrival_no_manifest_is_open(database: PreparedDatabase, write: Write) -> None:
    with database.reading() as connection:
        assert open_manifest(connection, "bitcoin") is None
    assert write() == {}
