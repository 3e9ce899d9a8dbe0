"""Delivery records, outbox and open problems that the version before wrote."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import events, problems
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import series_prices
from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.specs import Thresholds
from pipeline_lib.steps.takeover.alert_files import TakenOver, take_over_alerts
from pipeline_lib.steps.takeover.problem_files import take_over_problems
from tests.alerts.samples import HOUR, MOMENT, at
from tests.fixtures.recorded import record, series_of
from tests.system.replays import NEVER, observation, spec_of

SPEC = spec_of(Thresholds(Decimal(3), NEVER))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# Falls at hours 1, 4 and 7; each is over an hour later.
PRICES = (100, 90, 90, 90, 80, 80, 80, 70)


def _fields(kind: str, hour: int, since: int) -> dict[str, Any]:
    return {
        "rule": "1h",
        "kind": kind,
        "moment": f"2018-02-05T{14 + hour}:00:00Z",
        "since": f"2018-02-05T{14 + since}:00:00Z",
        "direction": -1,
        "step": 3,
        "value": "-10.0",
        "threshold": "3",
        "unit": "%",
        "scope": "in 1h",
    }


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What the version before left: one message delivered, one event expired, one waiting in the outbox."""
    told = {
        "fate": "told",
        "run": "2018-02-05T15:00:00Z",
        "recorded_at": "2018-02-05T15:00:07Z",
        "events": [_fields("fired", 1, 1)],
        "message": {"text": "🚨"},
    }
    _write(tmp_path / "alerts" / "btc" / "20180205T150000Z.json", told)
    expired = {**told, "fate": "expired", "events": [_fields("fired", 4, 4)], "message": None}
    _write(tmp_path / "alerts" / "btc" / "20180205T150000Z-2.json", expired)
    _write(tmp_path / "alerts" / "btc" / "checkpoints" / "1h-12345678" / "x.json", {})
    waiting = {"pipeline": "btc", "events": [_fields("fired", 7, 7), _fields("fired", 1, 1)]}
    _write(tmp_path / "alerts" / ".outbox" / "SLACK_WEBHOOK_URL" / "btc.json", waiting)
    _write(tmp_path / "alerts" / ".outbox" / "SLACK_WEBHOOK_URL" / "other.json", {"events": "odd"})
    return tmp_path


def test_records_are_kept_the_outbox_is_sent_again_and_all_else_is_unknown(
    database: Database, data: Path
) -> None:
    with database.writing() as connection:
        record(connection, [observation(MOMENT + h * HOUR, Decimal(p)) for h, p in enumerate(PRICES)])
        series = series_of(connection)
        for _ in range(2):
            taken = take_over_alerts(connection, SPEC, series_prices.read(connection, series), data, NOW)
            assert taken == TakenOver(records=2, waiting=2, events=5)
        recorded = events.read_since(connection, series.id, BEGINNING)
        payloads = connection.exec_driver_sql("SELECT payload FROM messages").scalars().all()
    assert [(each.event.kind.value, each.event.moment, each.status.value) for each in recorded] == [
        ("fired", at(1), "delivered"),
        ("cleared", at(2), "unknown"),
        ("fired", at(4), "expired"),
        ("cleared", at(5), "unknown"),
        # Its sender may have been killed behind the answer: the next message says so.
        ("fired", at(7), "sending"),
    ]
    assert [json.loads(payload) for payload in payloads] == [{"text": "🚨"}]


@pytest.mark.parametrize("content", ["", "[]", '{"fate": "told"}', '{"fate": "odd", "events": []}'])
def test_a_record_that_cannot_be_read_stops_the_takeover(
    database: Database, data: Path, content: str
) -> None:
    path = data / "alerts" / "btc" / "20180205T160000Z.json"
    path.write_text(content, "utf-8")
    with database.writing() as connection:
        record(connection, [observation(MOMENT, Decimal(100))])
        series = series_of(connection)
    with pytest.raises(AlertStateDamagedError) as caught, database.writing() as connection:
        take_over_alerts(connection, SPEC, series_prices.read(connection, series), data, NOW)
    assert caught.value.path == path


def test_open_problems_are_read_once_and_damaged_ones_left_out(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    problem = {"since": "2018-02-05T14:00:00Z", "last": "2018-02-05T17:00:00Z", "runs": 4, "told": {}}
    told = {"ValueError": "2018-02-05T15:00:00Z"}
    _write(tmp_path / "ops_alerts" / "btc" / "compute.json", {**problem, "told": told})
    _write(tmp_path / "ops_alerts" / "btc" / "fetch.json", {**problem, "runs": "many"})
    with database.writing() as connection:
        assert take_over_problems(connection, tmp_path) == 1
        assert take_over_problems(connection, tmp_path) == 0
        found = problems.find(connection, "btc", ["compute", "fetch"])
    assert found == {"compute": OpenProblem(at(0), at(3), 4, {"ValueError": at(1)})}
    assert "fetch.json is damaged and left out" in caplog.text
