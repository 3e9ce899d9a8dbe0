import hashlib
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.archive.manifest import Link, Manifest, Record, decode, encode_link, encode_record
from pipeline_lib.archive.manifest_chain import add, last_moments
from pipeline_lib.errors import ManifestDamagedError
from tests.archive.chain import read_chain

NOON = datetime(2018, 2, 5, 12, tzinfo=UTC)


def _record(hours: int) -> Record:
    json_sha256, csv_sha256 = (hashlib.sha256(f"{hours}.{kind}".encode()).hexdigest() for kind in "jc")
    return Record(NOON + timedelta(hours=hours), json_sha256, csv_sha256)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _records(folder: Path) -> list[Record]:
    return [record for manifest in read_chain(folder) for record in manifest.records]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "manifests"


@pytest.fixture
def three_days(folder: Path) -> Path:
    for hours in (0, 1, 24, 25, 48, 2):
        add(folder, _record(hours))
    return folder


def test_a_manifest_holds_hashes_and_the_hash_of_the_one_before(three_days: Path) -> None:
    assert sorted(path.name for path in three_days.iterdir()) == [
        "2018-02-05.sha256",
        "2018-02-06.sha256",
        "2018-02-07.sha256",
        "newest",
    ]
    assert (three_days / "2018-02-06.sha256").read_text() == (
        f"# previous 2018-02-05 {_sha256(three_days / '2018-02-05.sha256')}\n"
        f"{_record(24).json_sha256}  20180206T120000Z.json\n"
        f"{_record(24).csv_sha256}  20180206T120000Z.csv\n"
        f"{_record(25).json_sha256}  20180206T130000Z.json\n"
        f"{_record(25).csv_sha256}  20180206T130000Z.csv\n"
    )


def test_what_comes_late_stands_where_it_came(three_days: Path) -> None:
    assert [[record.moment.day for record in manifest.records] for manifest in read_chain(three_days)] == [
        [5, 5],
        [6, 6],
        [7, 5],
    ]


@given(st.lists(st.integers(-100, 100), max_size=30, unique=True))
def test_the_chain_gives_back_what_came_in_the_order_of_arrival(hours: list[int]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for count, hour in enumerate(hours):
            before = [None, None, *(_record(other).moment for other in hours[:count])]
            assert last_moments(folder) == (before[-1], before[-2])
            add(folder, _record(hour))
        assert _records(folder) == [_record(hour) for hour in hours]


def test_a_manifest_cut_at_any_byte_goes_on_from_its_last_whole_record(three_days: Path) -> None:
    path = three_days / "2018-02-07.sha256"
    whole = path.read_bytes()
    ends = [len(encode_link(decode(whole).previous))]
    ends += [ends[0] + len(encode_record(_record(48))), len(whole)]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends[1:])
        assert len(_records(three_days)) == 4 + kept, length
        for hours in (48, 2)[kept:]:
            add(three_days, _record(hours))
        assert path.read_bytes() == whole, length


def test_a_day_that_was_announced_but_not_begun_is_begun_by_the_next(three_days: Path) -> None:
    files = {path: path.read_bytes() for path in three_days.iterdir()}
    (three_days / "2018-02-07.sha256").unlink()
    assert last_moments(three_days) == (_record(25).moment, _record(24).moment)
    # The next to come is of another day, and goes where the killed process would have written.
    for hours in (48, 2):
        add(three_days, _record(hours))
    assert {path: path.read_bytes() for path in three_days.iterdir()} == files


@pytest.mark.parametrize("day", [5, 6])
@pytest.mark.parametrize("change", ["changed", "missing"])
def test_a_day_that_changed_is_found_by_the_next(three_days: Path, day: int, change: str) -> None:
    path = three_days / f"2018-02-0{day}.sha256"
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"a", b"b"))
    with pytest.raises(ManifestDamagedError) as caught:
        read_chain(three_days)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"previous\n", "it doesn't begin with a link"),
        (b"# first\nx\ny\n", "its line 2 is not the hash of a snapshot"),
        (encode_link(Link(date(2018, 2, 5), "0" * 64)), "it is chained to another manifest"),
    ],
)
def test_a_newest_manifest_that_cant_be_is_told(three_days: Path, content: bytes, reason: str) -> None:
    path = three_days / "2018-02-07.sha256"
    path.write_bytes(content)
    for use in (lambda: read_chain(three_days), lambda: add(three_days, _record(49))):
        with pytest.raises(ManifestDamagedError, match=reason) as caught:
            use()
        assert caught.value.path == path
    assert path.read_bytes() == content


def test_a_spoilt_name_of_the_newest_is_told(three_days: Path) -> None:
    (three_days / "newest").write_bytes(b"today\n")
    with pytest.raises(ManifestDamagedError, match="newest is damaged"):
        add(three_days, _record(49))


def test_json_and_csv_of_two_moments_are_no_record() -> None:
    mixed = encode_record(_record(0)).replace(b"20180205T120000Z.csv", b"20180205T130000Z.csv")
    with pytest.raises(ValueError, match=r"20180205T120000Z.json is followed by 20180205T130000Z.csv"):
        decode(b"# first\n" + mixed)


def test_no_manifest_is_no_record(folder: Path) -> None:
    assert (read_chain(folder), last_moments(folder)) == ([], (None, None))


def test_sha256sum_proves_a_day(folder: Path, tmp_path: Path) -> None:
    contents = {"20180205T120000Z.json": b"{}", "20180205T120000Z.csv": b"timestamp\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    json_sha256, csv_sha256 = (hashlib.sha256(content).hexdigest() for content in contents.values())
    add(folder, Record(NOON, json_sha256, csv_sha256))
    command = ["sha256sum", "--check", "--strict", "manifests/2018-02-05.sha256"]
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "20180205T120000Z.csv").write_bytes(b"other\n")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 1


def test_an_empty_manifest_is_its_link() -> None:
    assert decode(b"# first\n") == Manifest(None, (), 8)
