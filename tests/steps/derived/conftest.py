from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Services
from tests.steps.derived.world import SPEC, Runs

# Eleven hours over two days: one came late and one out of turn.
HOURS = (0, 1, 2, 4, 5, 3, 8, 7, 9, 10, 11)


@pytest.fixture
def open_runs(tmp_path: Path) -> Iterator[Callable[[Secret], Runs]]:
    """Runs of one project's folder over a database."""
    folder = tmp_path / "project"
    (folder / "dag_configs").mkdir(parents=True)
    (folder / "dag_configs" / "btc.yaml").write_text(SPEC)
    settings = Settings.from_environment({"LOCAL_FILES": "1"}, project_folder=folder)
    spec = Catalog(settings.dag_configs_dir).load("btc")
    with ExitStack() as opened:

        def open_runs(address: Secret) -> Runs:
            database = PreparedDatabase(address)
            opened.callback(database.close)
            return Runs(spec, replace(Services.from_settings(settings), database=database))

        yield open_runs


@pytest.fixture
def runs(open_runs: Callable[[Secret], Runs], database_address: Secret) -> Runs:
    return open_runs(database_address)


@pytest.fixture
def history(runs: Runs) -> Runs:
    """What eleven hours left."""
    for hour in HOURS:
        runs.run(hour)
    return runs
