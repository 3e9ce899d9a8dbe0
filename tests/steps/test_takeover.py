"""A folder that the version before the database wrote, taken over by each database (see its README)."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import tables
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.steps import Run, Services, send_price_alerts
from pipeline_lib.steps.replay import Replayed, replay
from pipeline_lib.steps.verify import verify

pytest_plugins = ["tests.fixtures.slack"]

TAKEN_OVER = Path(__file__).parents[1] / "data" / "taken_over"


@dataclass(frozen=True)
class Upgraded:
    """The folder in the hands of this version."""

    folder: Path
    services: Services

    def spec(self, name: str) -> PipelineSpec:
        return Catalog(self.services.settings.dag_configs_dir).load(name)

    def replay(self, name: str) -> Replayed:
        return replay(self.spec(name), self.services, lambda _done, _all: None)

    def read(self, *columns: object) -> list[tuple[object, ...]]:
        with self.services.database.reading() as connection:
            return [tuple(row) for row in connection.execute(select(*columns))]  # type: ignore[call-overload]


@pytest.fixture
def upgraded(tmp_path: Path, database_address: Secret, simulator: Simulator) -> Iterator[Upgraded]:
    folder = tmp_path / "project"
    shutil.copytree(TAKEN_OVER, folder)
    settings = Settings.from_environment({"LOCAL_FILES": "1"}, project_folder=folder)
    with closing(PreparedDatabase(database_address)) as database:
        services = replace(
            Services.from_settings(settings),
            database=database,
            find_slack_webhook=lambda: Secret(simulator.slack_webhook_url),
        )
        yield Upgraded(folder, services)


def test_everything_is_taken_over(upgraded: Upgraded) -> None:
    before = {path: path.read_bytes() for path in (upgraded.folder / "data").glob("[!.]*.csv")}
    done = upgraded.replay("bitcoin")
    assert (len(done.written.arrivals), done.written.is_first, done.damaged) == (41, True, ())
    assert (done.order.by_manifests, done.order.by_raw_log, done.order.by_request) == (41, 0, 0)
    assert (done.taken_over.deliveries, done.taken_over.problems, done.taken_over.refused) == (2, 1, 1)
    assert len(upgraded.replay("ether-slow").written.arrivals) == 7
    # To the byte what the version before had made of the same snapshots.
    assert {path: path.read_bytes() for path in before} == before
    for name in ("bitcoin", "ether-slow"):
        assert verify(upgraded.spec(name), upgraded.services).differences == ()


def test_events_without_a_delivery_record_are_unknown(upgraded: Upgraded) -> None:
    upgraded.replay("bitcoin")
    events = tables.events.c
    found = upgraded.read(events.rule, events.kind, events.moment, events.status)
    assert sorted((kind, f"{moment:%d %H}", status) for _, kind, moment, status in found) == [
        ("cleared", "05 08", "delivered"),
        ("cleared", "06 17", "unknown"),
        ("fired", "05 07", "delivered"),
        ("fired", "06 16", "unknown"),
    ]


def test_nothing_is_delivered_twice(upgraded: Upgraded, simulator: Simulator) -> None:
    upgraded.replay("bitcoin")
    spec = upgraded.spec("bitcoin")
    moments = [row[0] for row in upgraded.read(tables.observations.c.moment)]
    for moment in sorted(moments, key=str):
        send_price_alerts(spec, Run(moment), upgraded.services)  # type: ignore[arg-type]
    assert simulator.slack_messages == ()


def test_problems_and_refused_answers_are_known(upgraded: Upgraded) -> None:
    upgraded.replay("bitcoin")
    problems, refused = tables.open_problems.c, tables.quarantine.c
    assert upgraded.read(problems.pipeline, problems.subject, problems.runs) == [
        ("bitcoin", "fetch_and_save_bitcoin_price", 1)
    ]
    assert upgraded.read(refused.pipeline, refused.coin, refused.kind) == [
        ("bitcoin", "bitcoin", "invalid-quote")
    ]


def test_a_second_replay_changes_nothing(upgraded: Upgraded) -> None:
    upgraded.replay("bitcoin")
    messages = upgraded.read(tables.messages.c.id)
    again = upgraded.replay("bitcoin")
    assert (again.written.added, again.written.is_rebuilt, again.statistics_changed) == (0, False, False)
    assert again.taken_over.deliveries == 0
    assert upgraded.read(tables.messages.c.id) == messages


def test_without_manifests_the_order_is_that_of_the_raw_log(upgraded: Upgraded) -> None:
    shutil.rmtree(upgraded.folder / "data" / "manifests")
    raw_log = upgraded.folder / "data" / "bitcoin_raw.csv"
    content = raw_log.read_bytes()
    done = upgraded.replay("bitcoin")
    assert (done.order.by_manifests, done.order.by_raw_log, done.order.by_request) == (0, 41, 0)
    assert raw_log.read_bytes() == content
