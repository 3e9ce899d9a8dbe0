from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import tables
from pipeline_lib.errors import OtherDatabaseError
from pipeline_lib.steps.verify import read_open_manifest
from pipeline_lib.steps.verify import verify as verify_pipeline
from tests.steps.derived.world import START, Runs

Found = list[tuple[str, str]]
JSON, CSV = "archive/btc/20180205T150000Z.json", "archive/btc/20180205T150000Z.csv"
FIRST_DAY = "manifests/btc/2018-02-05.sha256"


def verify(runs: Runs) -> Found:
    """The differences as place and reason; each must say how to fix it, and nothing may change."""
    before = runs.files(), runs.rows()
    verification = verify_pipeline(runs.spec, runs.services)
    assert verification.s3_skipped == "the spec has no s3 section"
    assert all(each.fix for each in verification.differences)
    assert (runs.files(), runs.rows()) == before
    folder, name = runs.services.settings.data_dir, runs.services.database.name
    return [
        (each.place.removeprefix(f"{folder}/").removeprefix(f"{name}: "), each.reason)
        for each in verification.differences
    ]


def change(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.unlink()
    path.write_bytes(content.replace(old, new))


@pytest.fixture
def folder(history: Runs) -> Path:
    return history.services.settings.data_dir


def test_what_runs_leave_has_no_difference(history: Runs) -> None:
    assert verify(history) == []


def test_nothing_is_said_to_be_nothing(runs: Runs) -> None:
    assert verify(runs) == []
    assert verify_pipeline(runs.spec, runs.services).is_of_nothing


def test_an_archive_that_no_database_has_recorded_is_not_nothing(
    history: Runs, open_runs: Callable[[Secret], Runs], tmp_path: Path
) -> None:
    for path in history.layout.archive.glob("keeper*"):
        path.unlink()
    path = tmp_path / "other.db"
    other = open_runs(Secret(f"sqlite:///{path}"))
    verification = verify_pipeline(other.spec, other.services)
    assert {each.reason for each in verification.differences} == {"the database hasn't recorded it"}
    assert len(verification.differences) == 22
    assert not path.exists()


def test_a_changed_snapshot_is_found(history: Runs, folder: Path) -> None:
    change(folder / JSON, b"7037", b"7038")
    ((place, reason),) = verify(history)
    assert place == JSON
    assert reason.startswith("its sha256 is ")
    change(folder / CSV, b"7037", b"7038")
    assert [place for place, _ in verify(history)] == [JSON, CSV]


@pytest.mark.parametrize("name", [JSON, CSV])
def test_a_missing_snapshot_is_found(history: Runs, folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert verify(history) == [(name, "it is missing")]


def test_a_snapshot_that_isnt_recorded_is_found(history: Runs) -> None:
    history.archive(31)
    assert verify(history) == [
        (f"archive/btc/20180206T210000Z.{suffix}", "the database hasn't recorded it")
        for suffix in ("csv", "json")
    ]


def test_a_changed_manifest_is_found(history: Runs, folder: Path) -> None:
    change(folder / FIRST_DAY, b"  20180205T150000Z.json", b"  20180205T150001Z.json")
    assert verify(history) == [(FIRST_DAY, "it isn't what the arrivals make")]


def test_a_missing_manifest_is_found(history: Runs, folder: Path) -> None:
    (folder / FIRST_DAY).unlink()
    assert verify(history) == [(FIRST_DAY, "it is missing")]


def test_a_manifest_of_nothing_is_found(history: Runs, folder: Path) -> None:
    (folder / "manifests" / "btc" / "2018-01-01.sha256").write_bytes(b"# first\n")
    assert verify(history) == [("manifests/btc/2018-01-01.sha256", "the database has no arrivals of it")]


@pytest.mark.parametrize(
    ("spoil", "places"),
    [
        (
            update(tables.arrivals).where(tables.arrivals.c.number == 3).values(chain_sha256="0" * 64),
            ["arrival 3"],
        ),
        (
            update(tables.arrivals).where(tables.arrivals.c.number == 3).values(requested_at=START),
            ["arrival 3"],
        ),
        (
            update(tables.observations).where(tables.observations.c.moment == START).values(market_cap=7),
            ["observation of bitcoin in usd at 2018-02-05T14:00:00Z"],
        ),
        (
            update(tables.price_moves)
            .where(tables.price_moves.c.moment == START)
            .values(change_1h_percent=7),
            ["statistics of bitcoin in usd at 2018-02-05T14:00:00Z"],
        ),
        (
            update(tables.latest_observations).values(observations=7),
            ["statistics of bitcoin in usd at the newest moment"],
        ),
    ],
    ids=["chain", "request", "observation", "statistics", "count"],
)
def test_rows_that_differ_are_found(history: Runs, spoil: object, places: list[str]) -> None:
    with history.services.database.writing() as connection:
        connection.execute(spoil)  # type: ignore[call-overload]
    assert [place for place, _ in verify(history) if not place.startswith("btc_")] == places


def test_a_missing_observation_is_found(history: Runs) -> None:
    with history.services.database.writing() as connection:
        connection.execute(delete(tables.observations).where(tables.observations.c.moment == START))
    assert verify(history)[0] == (
        "observation of bitcoin in usd at 2018-02-05T14:00:00Z",
        "the row of a snapshot's observation is missing",
    )


def test_a_wrong_number_of_arrivals_is_found(history: Runs) -> None:
    with history.services.database.writing() as connection:
        connection.execute(update(tables.pipelines).values(arrivals=5))
    reasons = [reason for _, reason in verify(history)]
    assert reasons[0] == "the pipeline's row isn't that of the newest arrival"


@pytest.mark.parametrize("name", ["btc_raw.csv", "btc_processed.csv"])
@pytest.mark.parametrize(
    ("spoil", "line", "reason"),
    [
        (lambda content: content.replace(b"\n", b"\r\n"), 1, "its lines end in CRLF"),
        (lambda content: content.replace(b"\n", b"\r\n", 3)[:-1] + b"\n", 1, "its lines end in CRLF"),
        (lambda content: b"\xef\xbb\xbf" + content, 1, "it starts with a byte order mark"),
        (lambda content: content.replace(b",7037", b",7038"), 3, "the row of 2018-02-05T15:00:00Z isn't "),
        (lambda content: content + b"\n", 13, "the line is blank"),
        (lambda content: content[:-1], 12, "the last line has no line end"),
        (lambda content: content[:0], 1, "it ends here"),
    ],
    ids=["CRLF", "some CRLF", "mark", "changed", "blank", "cut", "emptied"],
)
def test_a_byte_that_differs_in_a_file_is_found(
    history: Runs, name: str, spoil: Callable[[bytes], bytes], line: int, reason: str
) -> None:
    path = history.services.settings.data_dir / name
    path.write_bytes(spoil(path.read_bytes()))
    ((place, found),) = verify(history)
    assert place == f"{name}:{line}"
    assert found.startswith(reason)


def test_a_lost_file_is_found(history: Runs) -> None:
    history.layout.raw_log.unlink()
    assert verify(history) == [("btc_raw.csv", "it is missing")]


def test_an_archive_of_another_database_is_refused(history: Runs) -> None:
    keeper.adopt(FolderArchive(history.layout.archive), "another")
    with pytest.raises(OtherDatabaseError):
        verify_pipeline(history.spec, history.services)


def test_the_open_manifest_is_what_its_file_will_be(history: Runs) -> None:
    content = read_open_manifest(history.spec, history.services)
    assert content.startswith(b"# previous 2018-02-05 ")
    history.run(40)
    assert (history.layout.manifests / "2018-02-06.sha256").read_bytes() == content


@pytest.mark.usefixtures("history")
def test_an_empty_database_is_refused_as_any_other_and_stays_unmade(
    open_runs: Callable[[Secret], Runs], tmp_path: Path
) -> None:
    path = tmp_path / "other.db"
    other = open_runs(Secret(f"sqlite:///{path}"))
    with pytest.raises(OtherDatabaseError, match=r"and this one is empty .*docker compose exec"):
        verify_pipeline(other.spec, other.services)
    assert not path.exists()
