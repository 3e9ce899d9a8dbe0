import json
from datetime import UTC, datetime, timedelta

from pipeline_lib.store.delivered_alerts import record_delivery, was_delivered
from pipeline_lib.store.layout import Layout

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


def test_nothing_was_delivered_before_it_is_recorded(layout: Layout) -> None:
    assert not was_delivered(layout, MOMENT)
    assert not layout.alerts.exists()


def test_a_delivery_is_recorded_with_its_message(layout: Layout) -> None:
    message = {"text": "📉 bitcoin -8.16 %", "blocks": [{"type": "divider"}]}
    record_delivery(layout, MOMENT, message)
    assert was_delivered(layout, MOMENT)
    path = layout.alerts / "20180205T140000Z.json"
    assert json.loads(path.read_bytes()) == message
    assert "📉" in path.read_text(encoding="utf-8")


def test_a_delivery_of_one_moment_is_none_of_another(layout: Layout) -> None:
    record_delivery(layout, MOMENT, {"text": "first"})
    assert not was_delivered(layout, MOMENT + timedelta(hours=1))


def test_the_first_record_stays(layout: Layout) -> None:
    record_delivery(layout, MOMENT, {"text": "first"})
    record_delivery(layout, MOMENT, {"text": "second"})
    assert json.loads((layout.alerts / "20180205T140000Z.json").read_bytes()) == {"text": "first"}
