import threading
from pathlib import Path

import pytest

from pipeline_lib.archive.keeper import adopt, claim, find_keeper, require_keeper
from pipeline_lib.archive.store import Archive, FolderArchive
from pipeline_lib.errors import OtherDatabaseError
from tests.archive.memory import MemoryArchive

OURS, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return FolderArchive(tmp_path / "archive") if request.param == "folder" else MemoryArchive()


def test_the_first_database_keeps_an_archive(archive: Archive) -> None:
    assert find_keeper(archive) is None
    require_keeper(archive, OURS)
    claim(archive, OURS)
    claim(archive, OURS)
    assert find_keeper(archive) == OURS
    assert {name: archive.read(name, 100) for name in archive.names()} == {"keeper": f"{OURS}\n".encode()}


def test_another_database_is_refused_and_told_how_to_reach_the_right_one(archive: Archive) -> None:
    claim(archive, OTHER)
    for use in (claim, require_keeper):
        with pytest.raises(OtherDatabaseError) as caught:
            use(archive, OURS)
        assert (caught.value.keeper, caught.value.found) == (OTHER, OURS)
        assert str(caught.value) == (
            f"the archive {archive.location('')} is kept by the database {OTHER}, and this one is {OURS}"
            " (set DATABASE_URL to that one, or run the command where it is set"
            " (docker compose exec airflow-scheduler coin-pipelines ...);"
            " coin-pipelines replay --adopt takes the archive over)"
        )
    assert find_keeper(archive) == OTHER


def test_whoever_adopts_an_archive_keeps_it_from_then_on(archive: Archive) -> None:
    claim(archive, OTHER)
    adopt(archive, OURS)
    claim(archive, OURS)
    with pytest.raises(OtherDatabaseError):
        claim(archive, OTHER)
    adopt(archive, OURS)
    assert sorted(archive.names()) == ["keeper", "keeper.2"]
    adopt(archive, OTHER)
    require_keeper(archive, OTHER)
    assert sorted(archive.names()) == ["keeper", "keeper.2", "keeper.3"]


def test_an_archive_that_nobody_keeps_can_be_adopted(archive: Archive) -> None:
    adopt(archive, OURS)
    assert find_keeper(archive) == OURS


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 1000])
def test_a_keeper_that_cant_be_read_is_another_one(archive: Archive, content: bytes) -> None:
    archive.create("keeper", content)
    for use in (claim, require_keeper):
        with pytest.raises(OtherDatabaseError, match="replay --adopt"):
            use(archive, OURS)
    adopt(archive, OURS)
    require_keeper(archive, OURS)


def test_of_many_that_claim_at_once_one_keeps_it(tmp_path: Path) -> None:
    archive, refused = FolderArchive(tmp_path / "archive"), []

    def run(number: int) -> None:
        try:
            claim(archive, f"database-{number}")
        except OtherDatabaseError as error:
            refused.append(error.keeper)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [find_keeper(archive)] * 7
