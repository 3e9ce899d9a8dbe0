import shutil
import time
from collections.abc import Iterator

import pytest

from tests.stack.docker import run_docker
from tests.stack.pipeline import DAG_ID, Pipeline, Report
from tests.stack.rest_api import RestApi
from tests.stack.stack import PROJECT, Stack, free_port
from tests.stack.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--executor", choices=("local", "celery"), default="local", help="who runs tasks")


@pytest.fixture(scope="session")
def executor(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--executor"))


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest, executor: str) -> Report:
    """Prints a line at once, with the seconds since the start."""
    started = time.monotonic()
    manager = request.config.pluginmanager.getplugin("capturemanager")

    def print_line(text: str) -> None:
        with manager.global_and_fixture_disabled():
            print(f"\n[{executor} {time.monotonic() - started:4.0f} s] {text}", end="", flush=True)  # noqa: T201

    return print_line


@pytest.fixture(scope="session")
def docker_engine() -> None:
    if shutil.which("docker") is None:
        pytest.exit("tests/stack needs Docker: there is no docker command", returncode=4)
    if run_docker("compose", "version", folder=PROJECT).returncode != 0:
        pytest.exit("tests/stack needs docker compose", returncode=4)
    if run_docker("info", folder=PROJECT).returncode != 0:
        pytest.exit("tests/stack needs Docker: its engine doesn't answer", returncode=4)


@pytest.fixture(scope="session")
def world(docker_engine: None, report: Report) -> Iterator[World]:  # noqa: ARG001
    built = run_docker("compose", "build", "--quiet", folder=PROJECT)
    assert built.returncode == 0, built.stderr.decode()
    world = World(PROJECT)
    world.build()
    report("images built")
    world.down()
    world.up()
    report("the simulated world answers")
    yield world
    world.down()


@pytest.fixture(scope="session")
def stack(
    world: World,  # noqa: ARG001 - the stack joins its network
    executor: str,
    report: Report,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack"), executor, free_port())
    stack.lay_out()
    stack.compose("down", "--volumes", "--timeout=1", "--remove-orphans")
    started = time.monotonic()
    stack.up()
    report(f"healthy {time.monotonic() - started:.0f} s after `docker compose up` on empty volumes")
    yield stack
    if request.session.testsfailed:
        logs = stack.try_compose("logs", "--no-color", "--tail=300").stdout.decode()
        (PROJECT / f"stack-{executor}.log").write_text(logs, encoding="utf-8")
        report(f"the containers' last lines are in stack-{executor}.log")
    stack.remove_data()
    stack.compose("down", "--volumes", "--timeout=1")


@pytest.fixture(scope="session")
def pipeline(stack: Stack, world: World) -> Pipeline:
    api = RestApi(f"http://127.0.0.1:{stack.port}")
    api.wait_for_dag(DAG_ID)
    return Pipeline(stack, world, api)
