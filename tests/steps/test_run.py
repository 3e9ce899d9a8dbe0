"""Where calls are counted, by what the environment sets."""

from contextlib import closing
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.market import CallQuota
from pipeline_lib.market.quota.stores import QuotaDatabase, QuotaFile, QuotaStore
from pipeline_lib.settings import Settings
from pipeline_lib.steps import Services


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
