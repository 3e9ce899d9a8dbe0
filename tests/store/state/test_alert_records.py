import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.store.state.alert_records import (
    AlertRecord,
    AlertRecords,
    DeliveryStatus,
    delivered_events,
    settled_keys,
)
from tests.alerts.samples import CLEARED, FIRED, HOUR, MOMENT, event

NOW = datetime(2018, 2, 5, 14, 0, 7, tzinfo=UTC)


def _record(hours: int = 0, status: DeliveryStatus = DeliveryStatus.DELIVERED) -> AlertRecord:
    message = (
        {"text": "📉 bitcoin", "blocks": [{"type": "divider"}]}
        if status is DeliveryStatus.DELIVERED
        else None
    )
    events = (event(FIRED, hours), event(CLEARED, hours + 0.5, since=hours, value="0.10"))
    return AlertRecord(status, MOMENT + hours * HOUR, NOW, events, message)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    records = AlertRecords(tmp_path / "alerts")
    assert records.since(MOMENT) == []
    records.add(_record())
    assert records.since(MOMENT) == [_record()]
    assert "📉" in (tmp_path / "alerts" / "20180205T140000Z.json").read_text(encoding="utf-8")


def test_records_of_one_run_stand_beside_each_other(tmp_path: Path) -> None:
    records = AlertRecords(tmp_path)
    statuses = [DeliveryStatus.DELIVERED, DeliveryStatus.EXPIRED, DeliveryStatus.BACKFILLED] * 4
    for status in statuses:
        records.add(_record(status=status))
    assert [record.status for record in records.since(MOMENT)] == statuses


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("told", DeliveryStatus.DELIVERED),
        ("expired", DeliveryStatus.EXPIRED),
        ("backfilled", DeliveryStatus.BACKFILLED),
    ],
)
def test_files_keep_their_words_for_a_status(tmp_path: Path, word: str, status: DeliveryStatus) -> None:
    AlertRecords(tmp_path).add(_record(status=status))
    assert json.loads((tmp_path / "20180205T140000Z.json").read_bytes())["fate"] == word
    assert [record.status for record in AlertRecords(tmp_path).since(MOMENT)] == [status]


def test_only_records_from_a_moment_on_are_opened(tmp_path: Path) -> None:
    records = AlertRecords(tmp_path)
    for hours in (2, 0, 1):
        records.add(_record(hours))
    (tmp_path / "20180205T140000Z.json").chmod(0o644)
    (tmp_path / "20180205T140000Z.json").write_text("spoilt")
    assert [record.run_moment for record in records.since(MOMENT + timedelta(minutes=30))] == [
        MOMENT + HOUR,
        MOMENT + 2 * HOUR,
    ]
    with pytest.raises(AlertStateDamagedError, match=r"20180205T140000Z\.json is damaged"):
        records.since(MOMENT)


@pytest.mark.parametrize("spoil", ["fate", "run", "events", "message"])
def test_a_record_that_lacks_something_is_damaged(tmp_path: Path, spoil: str) -> None:
    AlertRecords(tmp_path).add(_record())
    path = tmp_path / "20180205T140000Z.json"
    content = json.loads(path.read_bytes())
    del content[spoil]
    path.chmod(0o644)
    path.write_text(json.dumps(content))
    with pytest.raises(AlertStateDamagedError):
        AlertRecords(tmp_path).since(MOMENT)


def test_whatever_became_of_an_event_it_is_settled(tmp_path: Path) -> None:
    records = AlertRecords(tmp_path)
    for hours, status in enumerate(DeliveryStatus):
        records.add(_record(hours, status))
    found = records.since(MOMENT)
    assert len(settled_keys(found)) == 2 * len(DeliveryStatus)
    assert delivered_events(found) == tuple(_record().events)
