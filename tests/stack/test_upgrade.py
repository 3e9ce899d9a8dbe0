"""What the version before this one left, in its volumes and in ``data/``, under this version."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.stack.docker import run_docker
from tests.stack.pipeline import DAG_ID, Pipeline, Report
from tests.stack.rest_api import RestApi
from tests.stack.stack import PROJECT, Stack, free_port
from tests.stack.world import World

pytestmark = pytest.mark.timeout(2400)

# The last version that kept everything in files, with bitcoin's snapshots in data/archive itself.
_VERSION_BEFORE = "f2e12bb"


@pytest.fixture
def version_before(tmp_path: Path) -> Path:
    """A copy of that version."""
    git = shutil.which("git")
    assert git is not None
    exported = subprocess.run(
        [git, "archive", "--format=tar", _VERSION_BEFORE], cwd=PROJECT, capture_output=True, check=False
    )
    if exported.returncode != 0:
        pytest.skip(f"this clone has no commit {_VERSION_BEFORE}; git fetch --unshallow brings it")
    folder = tmp_path / "before"
    with tarfile.open(fileobj=io.BytesIO(exported.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_an_upgrade_keeps_every_row_and_repeats_no_alert(
    version_before: Path, world: World, executor: str, report: Report, tmp_path: Path
) -> None:
    if executor != "local":
        pytest.skip("an upgrade is the same whoever runs tasks")
    stack = Stack(tmp_path, executor, free_port(), "coin-pipelines-upgrade")
    stack.lay_out()
    stack.bring_files_of(version_before)
    spec = tmp_path / "dag_configs" / "bitcoin.yaml"
    spec.write_text(spec.read_text().replace("crypto/bitcoin", "crypto/upgraded"), encoding="utf-8")
    pipeline = Pipeline(stack, world, RestApi(f"http://127.0.0.1:{stack.port}"))
    _build(version_before)
    try:
        stack.up()
        delivered = _run_with_alert(pipeline, world)
        stack.compose("down")
        assert f"archive/{pipeline.moments[0]:%Y%m%dT%H%M%SZ}.json" in _files_below(tmp_path / "data")

        _build(PROJECT)
        stack.bring_files_of(PROJECT)
        stack.up()
        taken_over = stack.compose("exec", "-T", "airflow-scheduler", "coin-pipelines", "replay", "--all")
        report(f"taken over: {taken_over.splitlines()[-1]}")
        pipeline.wait_for_success(pipeline.trigger())
        pipeline.assert_every_run_once()
        assert world.messages()[: len(delivered)] == delivered
        assert len(set(world.messages())) == len(world.messages())
        verified = stack.compose("exec", "-T", "airflow-scheduler", "coin-pipelines", "verify", "--all")
        report(f"after an upgrade: {len(pipeline.moments)} runs = snapshots = rows; {verified.strip()}")
    finally:
        _build(PROJECT)
        stack.remove_data()
        stack.compose("down", "--volumes", "--timeout=1")


def _build(project: Path) -> None:
    built = run_docker("compose", "build", "--quiet", folder=project)
    assert built.returncode == 0, built.stderr.decode()


def _run_with_alert(pipeline: Pipeline, world: World) -> list[str]:
    pipeline.api.wait_for_dag(DAG_ID)
    for percent in (0.5, 9.25):
        world.move_price(percent)
        pipeline.wait_for_success(pipeline.trigger())
    delivered = world.messages()
    assert any("+9.25 %" in message for message in delivered)
    return delivered


def _files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
