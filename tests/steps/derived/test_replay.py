from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import tables
from pipeline_lib.errors import ManifestDamagedError, OtherDatabaseError
from pipeline_lib.steps import replay as steps_replay
from pipeline_lib.steps.exports import rewrite_files
from pipeline_lib.steps.fetching.record import open_archive
from pipeline_lib.steps.replay import Replayed, adopt_archive, replay
from tests.steps.derived.world import HOUR, START, Runs

_CHILDREN_FIRST = [
    table for table in reversed(tables.metadata.sorted_tables) if table is not tables.database_info
]


def lose_rows(runs: Runs) -> None:
    """Empty the database, which keeps the archive."""
    with runs.services.database.writing() as connection:
        for table in _CHILDREN_FIRST:
            connection.execute(delete(table))


def is_unchanged(replayed: Replayed) -> bool:
    files = [each.exported.changed if each.exported else True for each in replayed.files]
    return not (
        replayed.written.added
        or replayed.written.is_rebuilt
        or replayed.statistics_changed
        or replayed.damaged
        or any(files)
    )


def without_keys(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, int]:
    return {name: len(found) for name, found in rows.items()}


def chain(runs: Runs) -> list[tuple[object, ...]]:
    query = select(
        tables.arrivals.c.number, tables.arrivals.c.moment, tables.arrivals.c.chain_sha256
    ).order_by(tables.arrivals.c.number)
    with runs.services.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_what_is_as_the_archive_says_is_left_untouched(history: Runs) -> None:
    rows, files = history.rows(), history.files()
    assert is_unchanged(history.replay())
    assert (history.rows(), history.files()) == (rows, files)


def test_a_lost_database_comes_back(history: Runs) -> None:
    rows, files, order = history.rows(), history.files(), chain(history)
    lose_rows(history)
    replayed = history.replay()
    assert (replayed.written.added, replayed.written.is_first, replayed.damaged) == (11, True, ())
    # The first day's manifest is closed; of the open day the raw log says the order.
    assert (replayed.order.by_manifests, replayed.order.by_raw_log, replayed.order.by_request) == (9, 2, 0)
    assert chain(history) == order
    assert without_keys(history.rows()) == without_keys(rows)
    assert history.files() == files
    assert is_unchanged(history.replay())
    history.run(12)
    assert is_unchanged(history.replay())


def test_without_a_raw_log_the_open_day_is_ordered_by_request(history: Runs) -> None:
    history.run(14)
    history.run(13)
    history.layout.raw_log.unlink()
    lose_rows(history)
    replayed = history.replay()
    assert (replayed.order.by_manifests, replayed.order.by_raw_log, replayed.order.by_request) == (9, 0, 4)
    assert [row[1] for row in chain(history)][-2:] == [START + 13 * HOUR, START + 14 * HOUR]


def test_what_nothing_lists_comes_last(history: Runs) -> None:
    history.archive(6)
    replayed = history.replay()
    assert (replayed.written.added, replayed.written.is_first, replayed.written.is_rebuilt) == (
        1,
        False,
        False,
    )
    assert (replayed.order.by_database, replayed.order.by_request) == (2, 1)
    assert chain(history)[-1][:2] == (12, START + 6 * HOUR)
    assert is_unchanged(history.replay())


@pytest.mark.parametrize(
    "spoil",
    [
        update(tables.observations).values(price=7),
        update(tables.observations).values(part=2),
        update(tables.arrivals).where(tables.arrivals.c.number == 3).values(chain_sha256="0" * 64),
        update(tables.arrivals).where(tables.arrivals.c.number == 3).values(requested_at=START),
        update(tables.pipelines).values(arrivals=5),
        update(tables.price_moves).values(change_1h_percent=7),
        update(tables.window_statistics).values(mean=7.0),
        update(tables.latest_observations).values(observations=7),
        delete(tables.observations),
        delete(tables.window_statistics),
    ],
    ids=str,
)
def test_spoilt_rows_come_back(history: Runs, spoil: object) -> None:
    before = history.rows()
    with history.services.database.writing() as connection:
        connection.execute(spoil)  # type: ignore[call-overload]
    replayed = history.replay()
    assert replayed.written.is_rebuilt or replayed.statistics_changed
    after = history.rows()
    # A rebuild dates all statistics by the newest arrival.
    assert after.pop("price_moves") != []
    del before["price_moves"]
    assert after == before
    assert is_unchanged(history.replay())


def test_a_spoilt_file_is_reported_and_left(history: Runs) -> None:
    content = history.layout.raw_log.read_bytes().replace(b"\n", b"\r\n")
    history.layout.raw_log.write_bytes(content)
    raw_log, processed = history.replay().files
    assert "CRLF" in str(raw_log.error)
    assert processed.error is None
    assert history.layout.raw_log.read_bytes() == content


def test_a_lost_file_comes_back(history: Runs) -> None:
    files = history.files()
    history.layout.raw_log.unlink()
    history.layout.processed_table.unlink()
    assert not history.replay().written.added
    assert history.files() == files


@pytest.mark.parametrize("change", ["missing", "changed"])
def test_a_damaged_snapshot_is_reported_and_stops_no_other(history: Runs, change: str) -> None:
    path, before = history.layout.snapshot_json(START), history.rows()
    content = path.read_bytes()
    path.unlink()
    if change == "changed":
        path.write_bytes(content.replace(b"7000", b"7001"))
    (error,) = history.replay().damaged
    assert str(path) in str(error)
    assert history.rows() == before
    lose_rows(history)
    replayed = history.replay()
    assert (len(replayed.written.arrivals), len(replayed.damaged)) == (11, 1)
    rows = history.rows()
    assert (len(rows["arrivals"]), len(rows["observations"])) == (11, 10)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    assert history.replay().damaged == ()
    assert len(history.rows()["observations"]) == 11


def test_a_broken_chain_of_manifests_stops_the_replay(history: Runs) -> None:
    path = history.layout.manifests / "2018-02-05.sha256"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(b"# first", b"# previous 2018-02-04 " + b"0" * 64))
    rows = history.rows()
    with pytest.raises(ManifestDamagedError) as caught:
        history.replay()
    assert caught.value.path == path
    assert history.rows() == rows


def test_lost_manifests_are_written_again(history: Runs) -> None:
    files = history.files()
    for path in history.layout.manifests.iterdir():
        path.unlink()
    lose_rows(history)
    history.replay()
    assert history.files() == files


def test_nothing_is_made_of_nothing(runs: Runs) -> None:
    assert runs.replay().is_of_nothing
    assert runs.files() == {}


def test_what_comes_while_the_archive_is_read_is_recorded_too(history: Runs) -> None:
    def progress(done: int, _all: int) -> None:
        if done == 5:
            history.run(12)

    replayed = replay(history.spec, history.services, progress)
    assert (len(replayed.written.arrivals), replayed.written.is_rebuilt) == (12, False)
    assert [row[0] for row in chain(history)] == list(range(1, 13))


@pytest.mark.parametrize("step", ["write_manifests", "append_files"])
def test_what_a_run_adds_while_a_lost_database_comes_back_is_in_the_files(
    history: Runs, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    lose_rows(history)
    do_step = getattr(steps_replay, step)

    def after_a_run(*arguments: object) -> object:
        history.run(12)
        history.layout.processed_table.unlink()
        return do_step(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(steps_replay, step, after_a_run)
        history.replay()
    files = history.files()
    assert not any(
        each.exported.changed for each in rewrite_files(history.spec, history.services) if each.exported
    )
    assert (START + 12 * HOUR).isoformat()[:19] in history.layout.processed_table.read_text("utf-8")
    assert is_unchanged(history.replay())
    assert history.files() == files


@pytest.mark.parametrize(
    "killed_in",
    [
        "pipeline_lib.database.replays.write",
        "pipeline_lib.steps.replay.write_manifests",
        "pipeline_lib.steps.replay.fill_statistics",
        "pipeline_lib.steps.replay.append_files",
    ],
)
def test_a_replay_that_was_killed_is_finished_by_the_next(
    history: Runs, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    rows, files, order = history.rows(), history.files(), chain(history)
    lose_rows(history)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(killed_in, kill)
        with pytest.raises(KeyboardInterrupt):
            history.replay()
    history.replay()
    assert (chain(history), history.files()) == (order, files)
    assert without_keys(history.rows()) == without_keys(rows)
    assert is_unchanged(history.replay())


@pytest.mark.usefixtures("history")
def test_a_database_that_is_not_there_is_not_made_beside_the_one_that_keeps_the_archive(
    open_runs: Callable[[Secret], Runs], tmp_path: Path
) -> None:
    path = tmp_path / "other.db"
    other = open_runs(Secret(f"sqlite:///{path}"))
    for refused in (other.replay, lambda: open_archive(other.spec, other.services)):
        with pytest.raises(OtherDatabaseError, match="and this one is empty"):
            refused()
    assert not path.exists()


def test_another_database_takes_the_archive_over_only_when_asked_to(
    history: Runs, open_runs: Callable[[Secret], Runs], tmp_path: Path
) -> None:
    other = open_runs(Secret(f"sqlite:///{tmp_path / 'other.db'}"))
    files = history.files()
    with pytest.raises(OtherDatabaseError):
        other.replay()
    assert history.files() == files
    adopt_archive(other.spec, other.services)
    assert other.replay().written.added == 11
    assert keeper.find_keeper(FolderArchive(other.layout.archive)) == other.services.database.uuid
    assert chain(other) == chain(history)
    with pytest.raises(OtherDatabaseError):
        history.replay()


def test_events_before_a_replay_are_never_sent(history: Runs) -> None:
    lose_rows(history)
    replayed = history.replay()
    statuses = select(tables.events.c.status)
    with history.services.database.reading() as connection:
        found = list(connection.scalars(statuses))
    assert replayed.taken_over.unknown == len(found) > 0
    assert set(found) == {"unknown"}


def test_a_replay_of_what_is_there_leaves_pending_events_alone(history: Runs) -> None:
    lose_rows(history)
    history.replay()
    with history.services.database.writing() as connection:
        connection.execute(update(tables.events).values(status="pending"))
    assert is_unchanged(history.replay())
    with history.services.database.reading() as connection:
        assert set(connection.scalars(select(tables.events.c.status))) == {"pending"}


def test_a_backfilled_snapshot_stays_silent(history: Runs) -> None:
    with history.services.database.writing() as connection:
        connection.execute(update(tables.arrivals).values(is_silent=True))
        connection.execute(update(tables.observations).values(price=7))
    assert history.replay().written.is_rebuilt
    with history.services.database.reading() as connection:
        assert set(connection.scalars(select(tables.arrivals.c.is_silent))) == {True}
