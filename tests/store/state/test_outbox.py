from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.store.state.outbox import Outbox
from tests.alerts.samples import FIRED, MOMENT, event

NEWS = Announcement(
    pipeline="btc",
    coin="bitcoin",
    moment=MOMENT,
    headline="📉 bitcoin",
    blocks=[{"type": "divider"}],
    events=(event(FIRED),),
)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox.of(tmp_path, "SLACK_WEBHOOK_URL")


def test_what_is_put_in_waits_until_it_is_taken_out(outbox: Outbox) -> None:
    assert list(outbox.waiting()) == []
    ether = replace(NEWS, pipeline="ether")
    outbox.put(ether)
    outbox.put(NEWS)
    assert list(outbox.waiting()) == [NEWS, ether]
    outbox.take_out("btc")
    outbox.take_out("btc")
    assert list(outbox.waiting()) == [ether]


def test_a_pipeline_has_one_place(outbox: Outbox) -> None:
    outbox.put(NEWS)
    later = replace(NEWS, headline="✅ bitcoin")
    outbox.put(later)
    assert list(outbox.waiting()) == [later]


def test_channels_are_apart_and_named_without_the_webhook(tmp_path: Path, outbox: Outbox) -> None:
    with outbox.sending():
        outbox.put(NEWS)
        assert list(Outbox.of(tmp_path, "SLACK_MAJORS").waiting()) == []
    assert outbox.folder == tmp_path / "alerts" / ".outbox" / "SLACK_WEBHOOK_URL"


def test_a_damaged_announcement_is_refused(outbox: Outbox) -> None:
    outbox.put(NEWS)
    (outbox.folder / "btc.json").write_text("{}")
    with pytest.raises(AlertStateDamagedError, match=r"btc\.json is damaged"):
        list(outbox.waiting())
