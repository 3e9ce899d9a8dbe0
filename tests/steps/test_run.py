"""What every step is called with: the run, and where calls are counted, by what the environment sets."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import BEGINNING, END, FIRST_OF_A_RUN, LAST_OF_A_RUN
from pipeline_lib.errors import MomentOutOfRangeError, PermanentError
from pipeline_lib.market import CallQuota
from pipeline_lib.market.quota.stores import QuotaDatabase, QuotaFile, QuotaStore
from pipeline_lib.settings import Settings
from pipeline_lib.steps import Run, Services


def store_of(folder: Path, **environment: str) -> QuotaStore:
    services = Services.from_settings(Settings.from_environment(environment, project_folder=folder))
    with closing(services.database):
        quota = services.open_market().transport.quota
    assert isinstance(quota, CallQuota)
    return quota.store


def test_beside_sqlite_calls_are_counted_in_a_file(tmp_path: Path) -> None:
    assert store_of(tmp_path) == QuotaFile(tmp_path / "data" / "coingecko" / "calls.sqlite")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_counts_calls_unless_another_server_does(tmp_path: Path, scheme: str) -> None:
    database = f"{scheme}://me:made-up@db.example/prices"
    store = store_of(tmp_path, DATABASE_URL=database)
    assert store == QuotaDatabase(Secret("postgresql://me:made-up@db.example/prices"))
    assert "made-up" not in repr(store)
    redis = "redis://redis.example/0"
    other = store_of(tmp_path, DATABASE_URL=database, COINGECKO_QUOTA_URL=redis)
    assert other == QuotaDatabase(Secret(redis))


def test_a_run_at_the_end_of_the_calendar_is_refused_before_anybody_reckons_with_it() -> None:
    for moment in (FIRST_OF_A_RUN, LAST_OF_A_RUN):
        assert Run(moment).moment == moment
    second = timedelta(seconds=1)
    for moment in (BEGINNING, FIRST_OF_A_RUN - second, LAST_OF_A_RUN + second, END):
        with pytest.raises(MomentOutOfRangeError, match=r"lies outside the years 1970 to 2199 \("):
            Run(moment)
    assert issubclass(MomentOutOfRangeError, PermanentError)
