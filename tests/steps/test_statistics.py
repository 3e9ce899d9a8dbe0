"""Statistics follow from the observations alone, whatever the way that led there."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from pipeline_lib.analysis import processed
from pipeline_lib.analysis.processed import processed_rows
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.database.statistics import computed, latest_rows, observed
from pipeline_lib.database.tables import latest_observations, price_moves, window_statistics
from pipeline_lib.model.observation import ObservedPrice
from pipeline_lib.specs import Window
from pipeline_lib.steps import statistics as step
from pipeline_lib.steps.statistics import Updated, update_statistics
from tests.fixtures.arrivals import PIPELINE, START, arrive, observation

HOUR = timedelta(hours=1)
DAY, THREE = Window("24h", 24 * HOUR), Window("3_rows", 3)
WINDOWS = st.lists(
    st.sampled_from([Window("2h", 2 * HOUR), DAY, Window("7d", timedelta(days=7))])
    | st.builds(lambda rows: Window(f"{rows}_rows", rows), st.integers(2, 30)),
    min_size=1,
    max_size=3,
    unique_by=lambda window: window.label,
)
# Groups of runs, each followed by a compute step: any order, with gaps and moments that come again.
GROUPS = st.lists(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 10**12)), max_size=12), min_size=1, max_size=6
)
_numbers = count()


@pytest.fixture(scope="module")
def sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("statistics") / "statistics.db"
    shutil.copyfile(migrated_sqlite, path)
    with closing(Database(Secret(f"sqlite:///{path}"))) as database:
        yield database


def _key(database: Database, pipeline: str = PIPELINE) -> int:
    with database.reading() as connection:
        return find_series_id(connection, pipeline, "bitcoin", "usd") or 0


def _update(database: Database, windows: Sequence[Window], pipeline: str = PIPELINE) -> Updated:
    key = _key(database, pipeline)
    with database.writing() as connection:
        return update_statistics(connection, [key], windows)


def _cells(database: Database, windows: Sequence[Window], pipeline: str = PIPELINE) -> list[list[str]]:
    labels = [window.label for window in windows]
    with database.reading() as connection:
        rows = computed.read_cells(connection, _key_in(connection, pipeline), labels)
        return [[_text(cell) for cell in row] for row in rows]


def _key_in(connection: object, pipeline: str) -> int:
    return find_series_id(connection, pipeline, "bitcoin", "usd") or 0  # type: ignore[arg-type]


def _expected(database: Database, windows: Sequence[Window], pipeline: str = PIPELINE) -> list[list[str]]:
    """The same, computed at once from all observations."""
    with database.reading() as connection:
        observed = [each.observation for each in observations.read_by_arrival(connection, pipeline)]
    return [[_text(cell) for cell in row] for row in processed_rows(observed, windows)]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).replace("+00:00", "Z")
    return f"{cell:f}" if hasattr(cell, "as_tuple") else cell if isinstance(cell, str) else repr(cell)


def _check(database: Database, windows: list[Window], groups: list[list[tuple[int, int]]]) -> None:
    pipeline = f"pipeline {next(_numbers)}"
    for group in groups:
        arrive(
            database,
            *(observation(steps / 2, f"{price}E-6") for steps, price in group),
            pipeline=pipeline,
        )
        if not _key(database, pipeline):
            continue
        updated = _update(database, windows, pipeline)
        expected = _expected(database, windows, pipeline)
        assert _cells(database, windows, pipeline) == expected
        assert updated.rows == len(expected)
        assert updated.last is not None
        assert _text(updated.last) == expected[-1][0]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=WINDOWS, groups=GROUPS)
def test_any_order_and_grouping_give_the_values_of_a_rebuild(
    sqlite: Database, windows: list[Window], groups: list[list[tuple[int, int]]]
) -> None:
    _check(sqlite, windows, groups)


@settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(windows=WINDOWS, groups=GROUPS)
def test_postgresql_gives_them_too(
    postgresql_address: Secret, windows: list[Window], groups: list[list[tuple[int, int]]]
) -> None:
    with closing(Database(postgresql_address)) as database:
        _check(database, windows, groups)


def test_a_second_time_changes_nothing(database: Database) -> None:
    arrive(database, observation(0), observation(1))
    assert _update(database, [DAY]) == Updated(2, START + HOUR, changed=True)
    assert _update(database, [DAY]) == Updated(2, START + HOUR, changed=False)


def test_an_hour_writes_its_own_rows_alone(database: Database) -> None:
    arrive(database, *(observation(hour) for hour in range(60)))
    _update(database, [DAY, THREE])
    arrive(database, observation(60))
    assert _update(database, [DAY, THREE]) == Updated(61, START + 60 * HOUR, changed=True)
    assert _changed_at(database, 61) == [60]


def test_an_hour_reads_no_more_than_its_windows_hold(sqlite: Database) -> None:
    pipeline = "reads"
    arrive(sqlite, *(observation(hour) for hour in range(200)), pipeline=pipeline)
    _update(sqlite, [DAY], pipeline)
    arrive(sqlite, observation(200), pipeline=pipeline)
    read: list[int] = []
    read_prices = observed.read_prices

    def counting(
        connection: Connection, series_ids: Collection[int], first: datetime, last: datetime
    ) -> dict[int, list[ObservedPrice]]:
        prices = read_prices(connection, series_ids, first, last)
        read.append(sum(map(len, prices.values())))
        return prices

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(observed, "read_prices", counting)
        _update(sqlite, [DAY], pipeline)
    assert read == [25]


def test_a_late_row_changes_those_that_it_reaches(database: Database) -> None:
    hours = [*range(20), *range(21, 100)]
    arrive(database, *(observation(hour) for hour in hours))
    _update(database, [DAY])
    arrive(database, observation(20), observation(100))
    assert _update(database, [DAY]).rows == 101
    assert _changed_at(database, 101) == [*range(20, 45), 100]
    assert _cells(database, [DAY]) == _expected(database, [DAY])


def test_a_late_row_reaches_as_many_rows_as_a_window_counts(database: Database) -> None:
    hours = [0, *range(100, 1000, 100)]
    arrive(database, *(observation(hour) for hour in hours))
    _update(database, [THREE])
    arrive(database, observation(50))
    _update(database, [THREE])
    assert _changed_at(database, 11) == [50, 100, 200, 300]
    assert _cells(database, [THREE]) == _expected(database, [THREE])


def test_other_windows_compute_all_anew(database: Database) -> None:
    arrive(database, *(observation(hour) for hour in range(30)))
    _update(database, [DAY, THREE])
    assert _update(database, [THREE]) == Updated(30, START + 29 * HOUR, changed=True)
    assert _cells(database, [THREE]) == _expected(database, [THREE])
    with database.reading() as connection:
        labels = set(connection.scalars(select(window_statistics.c.window)))
    assert labels == {"3_rows"}


def test_another_method_computes_all_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(database, observation(0), observation(1))
    _update(database, [DAY])
    monkeypatch.setattr(step, "METHOD", processed.METHOD + 1)
    assert _update(database, [DAY]).changed
    assert not _update(database, [DAY]).changed


def test_the_overview_has_the_newest_moment_with_its_moves(database: Database) -> None:
    arrive(database, observation(0, "7000"), observation(2, "8000"), observation(1, "7700"))
    _update(database, [DAY])
    assert _latest(database) == (START + 2 * HOUR, "8000", "3.8961038961", 3)
    arrive(database, observation(-5, "1"))
    _update(database, [DAY])
    assert _latest(database) == (START + 2 * HOUR, "8000", "3.8961038961", 4)
    arrive(database, observation(3, "8080"))
    _update(database, [DAY])
    assert _latest(database) == (START + 3 * HOUR, "8080", "1.0000000000", 5)


def test_a_series_is_none_of_anothers_business(database: Database) -> None:
    arrive(database, observation(0), replace(observation(1), coin="ethereum"), observation(2))
    assert _update(database, [DAY]).rows == 2
    assert _cells(database, [DAY])[1][5] == "7037.5"


def test_what_fails_on_the_way_leaves_no_half(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(database, *(observation(hour) for hour in range(5)))
    _update(database, [DAY])
    arrive(database, observation(5))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(latest_rows, "update", fail)
        with pytest.raises(KeyboardInterrupt):
            _update(database, [DAY])
    assert len(_cells(database, [DAY])) == 5
    assert _update(database, [DAY]).rows == 6
    assert _cells(database, [DAY]) == _expected(database, [DAY])


def _changed_at(database: Database, arrival: int) -> list[int]:
    """The hours whose row changed last with an arrival."""
    with database.reading() as connection:
        moments = connection.scalars(
            select(price_moves.c.moment).where(price_moves.c.changed_at_arrival == arrival)
        )
        return sorted(int((moment - START) / HOUR) for moment in moments)


def _latest(database: Database) -> tuple[object, ...]:
    with database.reading() as connection:
        row = connection.execute(select(latest_observations)).one()
    return row.moment, f"{row.price:f}", f"{row.change_1h_percent:f}", row.observations


def test_an_observation_that_a_lower_part_replaces_is_computed_again(database: Database) -> None:
    arrive(database, *(observation(hour) for hour in range(3)))
    _update(database, [DAY])
    with database.writing() as connection:
        for part, price in ((2, "9000"), (1, "8000")):
            each = observation(3, price)
            archived = ArchivedPart(each.moment, part, f"{part}", f"{part}", each.moment)
            arrivals.record(connection, PIPELINE, archived, [each])
            assert update_statistics(connection, [_key_in(connection, PIPELINE)], [DAY]).rows == 4
    assert _cells(database, [DAY]) == _expected(database, [DAY])
    assert _latest(database)[1] == "8000"
