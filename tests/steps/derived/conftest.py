import shutil
from pathlib import Path

import pytest

from pipeline_lib.specs.layout import Layout
from tests.steps.derived.world import Runs, layout_in


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return layout_in(tmp_path / "data")


@pytest.fixture(scope="session")
def thirty_hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty hours, one of which came late and one out of turn."""
    folder = tmp_path_factory.mktemp("history") / "data"
    runs = Runs(layout_in(folder))
    for hour in (*range(7), *range(8, 20), 7, 21, 20, *range(22, 30)):
        runs.run(hour)
    return folder


@pytest.fixture
def history(thirty_hours: Path, layout: Layout) -> Layout:
    """A copy of these hours."""
    shutil.copytree(thirty_hours, layout.raw_log.parent)
    return layout


@pytest.fixture
def runs(layout: Layout) -> Runs:
    return Runs(layout)
