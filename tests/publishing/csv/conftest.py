import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from tests.publishing.csv.files import Files


@pytest.fixture
def files(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Files]:
    """The files of a pipeline that keeps SQLite."""
    shutil.copyfile(migrated_sqlite, tmp_path / "coin_pipelines.db")
    with closing(Database(Secret(f"sqlite:///{tmp_path / 'coin_pipelines.db'}"))) as database:
        yield Files(database, tmp_path)


@pytest.fixture(params=["raw", "processed"])
def kind(request: pytest.FixtureRequest) -> str:
    """One file after the other."""
    name: str = request.param
    return name
