"""How long a replay of ten years of hours takes, beside only opening and reading the same snapshots.

A replay reads each snapshot and proves its hash, fills the database, proves the manifests, computes the
statistics and makes both CSV files. All in this one process, on the same files, in turn; each time into an
empty database, of SQLite and then of PostgreSQL (whose server's CPU time isn't counted). Run with
``.venv/bin/python -m benchmarks.replay_ten_years``.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.databases import KINDS, empty_databases
from benchmarks.history import TEN_YEARS, WINDOWS, write_history
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import schema
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps import Services
from pipeline_lib.steps.replay import Replayed, adopt_archive, replay

_ROUNDS = 3
_SPEC = "spec_version: 1\ncoin: bitcoin\nschedule: '@hourly'\nwindows: [WINDOWS]\n"


def main() -> None:
    """Print what each takes and the ratios, for each kind of database."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        settings = Settings.from_environment({"LOCAL_FILES": "1"}, project_folder=project)
        spec = _spec(project)
        write_history(Layout.of("bitcoin", settings), TEN_YEARS)
        for kind in KINDS:
            with empty_databases(kind, _ROUNDS) as addresses:
                rounds = [_measure_round(spec, settings, address) for address in addresses]
            reading, filling, again = (min(times) for times in zip(*rounds, strict=True))
            print(f"{TEN_YEARS} snapshots                 {kind}")
            print(f"opening and reading them         {reading:.2f} s CPU")
            print(f"replay into an empty database    {filling:.2f} s CPU, ratio {filling / reading:.2f}")
            print(f"replay of what is there          {again:.2f} s CPU, ratio {again / reading:.2f}\n")


def _measure_round(spec: PipelineSpec, settings: Settings, address: Secret) -> tuple[float, float, float]:
    layout = Layout.of(spec.name, settings)
    paths = sorted(layout.archive.glob("*.json"))
    layout.raw_log.unlink()
    layout.processed_table.unlink(missing_ok=True)
    with closing(Database(address)) as database:
        schema.upgrade(database)
    with closing(PreparedDatabase(address)) as database:
        services = replace(Services.from_settings(settings), database=database)
        adopt_archive(spec, services)
        filling, again = (_measure(partial(_replay, spec, services)) for _ in range(2))
    return _measure(partial(_read_all, paths)), filling, again


def _spec(project: Path) -> PipelineSpec:
    folder = project / "dag_configs"
    folder.mkdir()
    windows = ", ".join(window.label for window in WINDOWS)
    (folder / "bitcoin.yaml").write_text(_SPEC.replace("WINDOWS", windows))
    return Catalog(folder).load("bitcoin")


def _read_all(paths: list[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            file.read()


def _replay(spec: PipelineSpec, services: Services) -> None:
    replayed: Replayed = replay(spec, services, lambda _done, _all: None)
    assert len(replayed.written.arrivals) == TEN_YEARS
    assert all(each.exported and each.exported.rows == TEN_YEARS for each in replayed.files)


def _measure(function: Callable[[], None]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


if __name__ == "__main__":
    main()
