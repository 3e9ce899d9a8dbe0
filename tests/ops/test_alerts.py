"""What operators are notified of, over hours, by the record in the database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import (
    DatabaseDamagedError,
    OpsAlertFailedError,
    SettingsError,
)
from pipeline_lib.model.outcome import Done, Skipped
from pipeline_lib.ops.alerts import OpsAlerts
from pipeline_lib.ops.channels import AppriseChannel, Channel, SlackChannel
from pipeline_lib.ops.notices import TaskFailure, TaskRun
from tests.ops.conftest import MOMENT, WEBHOOK, Board, Clock, alerts_of

HOUR = timedelta(hours=1)


def failing(hour: int, error: BaseException | None = None) -> TaskFailure:
    return TaskFailure(run(hour), error or ValueError("odd"), 1, 1)


def run(hour: int) -> TaskRun:
    return TaskRun("bitcoin", "compute", MOMENT + hour * HOUR)


def test_a_day_of_failures_is_one_message_and_the_next_day_a_reminder(
    alerts: OpsAlerts, board: Board, clock: Clock
) -> None:
    for hour in range(26):
        clock.now = MOMENT + hour * HOUR
        alerts.task_failed(failing(hour))
    assert board.titles == ["bitcoin · compute failed", "bitcoin · compute still fails"]
    assert "Since: the run of 2018-02-05T14:00:00Z; 25 failures so far" in board.texts[-1]


def test_months_made_up_for_in_an_hour_are_one_message(alerts: OpsAlerts, board: Board) -> None:
    for day in range(90):
        alerts.task_failed(failing(24 * day))
    assert len(board.titles) == 1


def test_it_works_again_once(alerts: OpsAlerts, board: Board) -> None:
    alerts.task_succeeded(run(0))
    alerts.task_failed(failing(1))
    alerts.task_succeeded(run(0))
    assert board.titles == ["bitcoin · compute failed"]
    alerts.task_succeeded(run(2))
    alerts.task_succeeded(run(3))
    assert board.titles[1:] == ["bitcoin · compute works again"]
    alerts.task_failed(failing(4))
    assert board.titles[2:] == ["bitcoin · compute failed"]


def test_what_reached_nobody_is_reported_with_the_next(alerts: OpsAlerts, board: Board) -> None:
    board.away = True
    with pytest.raises(OpsAlertFailedError, match="1 of 1 channels missed"):
        alerts.task_failed(failing(0))
    board.away = False
    alerts.task_failed(failing(1))
    alerts.task_failed(failing(2))
    assert board.titles == ["bitcoin · compute failed"]


def test_a_recovery_that_reached_nobody_is_reported_with_the_next(alerts: OpsAlerts, board: Board) -> None:
    alerts.task_failed(failing(0))
    board.away = True
    with pytest.raises(OpsAlertFailedError):
        alerts.task_succeeded(run(1))
    board.away = False
    alerts.task_succeeded(run(2))
    assert board.titles[1:] == ["bitcoin · compute works again"]


def test_a_channel_that_took_it_isnt_notified_again_because_of_another(
    alerts: OpsAlerts, board: Board
) -> None:
    channels: list[Channel] = [board, Board(away=True)]
    both = replace(alerts, channels=channels)
    with pytest.raises(OpsAlertFailedError, match="1 of 2"):
        both.task_failed(failing(0))
    both.task_failed(failing(1))
    assert len(board.titles) == 1


def test_a_disk_that_takes_nothing_is_reported(board: Board, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    alerts = alerts_of(Secret(f"sqlite:///{tmp_path / 'file' / 'x.db'}"), [board], clock, tmp_path)
    with pytest.raises(OSError, match="file"):
        alerts.task_failed(failing(0))
    assert board.titles == ["bitcoin · compute failed"]


def test_a_database_that_refuses_is_reported(board: Board, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all" * 100)
    alerts = alerts_of(Secret(f"sqlite:///{tmp_path / 'x.db'}"), [board], clock, tmp_path)
    with pytest.raises(DatabaseDamagedError):
        alerts.task_failed(failing(0))
    assert board.titles == ["bitcoin · compute failed"]


def test_before_any_run_wrote_a_failure_makes_the_tables(board: Board, clock: Clock, tmp_path: Path) -> None:
    alerts = alerts_of(Secret(f"sqlite:///{tmp_path / 'data' / 'x.db'}"), [board], clock, tmp_path)
    alerts.task_succeeded(run(0))
    for hour in range(3):
        alerts.task_failed(failing(hour))
    assert board.titles == ["bitcoin · compute failed"]


@pytest.fixture
def away(board: Board, clock: Clock, tmp_path: Path, closed_port: int) -> OpsAlerts:
    """The same alerts, of a server that isn't there."""
    return alerts_of(Secret(f"postgresql://nobody@127.0.0.1:{closed_port}/none"), [board], clock, tmp_path)


def test_failures_while_the_database_is_away_are_reported_once_it_is_back(
    alerts: OpsAlerts, away: OpsAlerts, board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    for hour in range(3):
        away.task_failed(failing(hour))
    away.task_failed(TaskFailure(replace(run(1), pipeline="ether"), None, 1, 1))
    assert board.titles == []
    assert "ValueError of bitcoin compute will be reported later" in caplog.text
    alerts.task_succeeded(run(3))
    alerts.task_succeeded(run(4))
    assert board.titles == ["2 failures while the database could not be reached"]
    assert board.texts[0].splitlines()[:2] == [
        "bitcoin · compute failed: ValueError: run of 2018-02-05T14:00:00Z",
        "ether · compute failed: WorkerLost: run of 2018-02-05T15:00:00Z",
    ]


def test_what_reached_nobody_when_the_database_was_back_is_reported_with_the_next(
    alerts: OpsAlerts, away: OpsAlerts, board: Board
) -> None:
    away.task_failed(failing(0))
    board.away = True
    with pytest.raises(OpsAlertFailedError):
        alerts.task_succeeded(run(1))
    board.away = False
    alerts.task_succeeded(run(2))
    assert board.titles == ["1 failure while the database could not be reached"]


def test_a_late_run_is_reported_once_a_day_also_while_the_database_is_away(
    away: OpsAlerts, alerts: OpsAlerts, board: Board, clock: Clock
) -> None:
    for hour in range(25):
        clock.now = MOMENT + hour * HOUR
        away.run_is_late(run(hour), clock.now)
    assert len(board.titles) == 2
    alerts.task_succeeded(run(25))
    assert len(board.titles) == 2


def test_processes_that_fail_at_once_send_one_notice(
    database_address: Secret, clock: Clock, tmp_path: Path
) -> None:
    slow = Board(seconds=0.1)
    alerts = alerts_of(database_address, [slow], clock, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda hour: alerts.task_failed(failing(hour)), range(4)))
    assert slow.titles == ["bitcoin · compute failed"]


def test_nobody_to_notify_is_logged(alerts: OpsAlerts, caplog: pytest.LogCaptureFixture) -> None:
    replace(alerts, channels=[]).task_failed(failing(0))
    assert (
        "bitcoin · compute failed: no operator is notified, since none of OPS_SLACK_WEBHOOK_URL"
        in caplog.text
    )


def test_no_notice_holds_a_secret(alerts: OpsAlerts, board: Board) -> None:
    alerts.task_failed(failing(0, ValueError(f"POST {WEBHOOK} failed: /services/T0/B0/made-up-token")))
    assert "ValueError: POST *** failed: ***" in board.texts[0]


def test_a_warning_is_reported_once_a_day_and_anew_after_it_was_gone(
    alerts: OpsAlerts, board: Board, clock: Clock
) -> None:
    for hour in range(3):
        alerts.task_succeeded(run(hour), Done("done", ("new field",)))
    alerts.task_succeeded(run(3), Done("done", ("new field", "another")))
    assert [text.splitlines()[0] for text in board.texts] == ["Seen: new field", "Seen: another"]
    alerts.task_succeeded(run(4), Skipped("nothing to do"))
    alerts.task_succeeded(run(5), Done("done", ("new field",)))
    assert len(board.titles) == 3
    clock.now += 24 * HOUR
    alerts.task_succeeded(run(6), Done("done", ("new field",)))
    assert len(board.titles) == 4


def test_warnings_that_differ_in_times_alone_are_reported_once_a_day(alerts: OpsAlerts, board: Board) -> None:
    for hour in range(3):
        reason = f"no price of {format_moment(run(hour).moment)}"
        alerts.task_succeeded(run(hour), Skipped(reason, (reason,)))
    assert [text.splitlines()[:2] for text in board.texts] == [
        [
            "Seen: no price of 2018-02-05T14:00:00Z",
            "Run: 2018-02-05T14:00:00Z: skipped, its data is missing",
        ]
    ]


def test_a_pipeline_that_is_late_each_hour_is_reported_once_a_day(
    alerts: OpsAlerts, board: Board, clock: Clock
) -> None:
    for hour in range(25):
        clock.now = MOMENT + hour * HOUR
        alerts.run_is_late(run(hour), clock.now)
    assert len(board.titles) == 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"SLACK_WEBHOOK_URL": WEBHOOK}, [SlackChannel]),
        ({"OPS_SLACK_WEBHOOK_URL": WEBHOOK, "SLACK_WEBHOOK_URL": "unusable"}, [SlackChannel]),
        ({"OPS_ALERT_URLS": "json://a\n json://b", "SLACK_WEBHOOK_URL": WEBHOOK}, [AppriseChannel] * 2),
        ({"OPS_SLACK_WEBHOOK_URL": WEBHOOK, "OPS_ALERT_URLS": "json://a"}, [SlackChannel, AppriseChannel]),
        ({"OPS_SLACK_WEBHOOK_URL": WEBHOOK, "COINGECKO_BASE_URL": "unusable"}, [SlackChannel]),
    ],
)
def test_the_environment_names_the_channels(environment: dict[str, str], expected: list[type]) -> None:
    alerts = OpsAlerts.from_environment(environment, project_folder=Path("project"))
    assert [type(channel) for channel in alerts.channels] == expected
    assert alerts.unreported.path.parent == Path("project/data")
    assert alerts.record.find_database().address.reveal().endswith("/project/data/coin_pipelines.db")
    assert "made-up" not in repr(alerts)


def test_an_unusable_webhook_is_an_error() -> None:
    with pytest.raises(SettingsError, match="OPS_SLACK_WEBHOOK_URL is not an https address"):
        OpsAlerts.from_environment({"OPS_SLACK_WEBHOOK_URL": "x"}, project_folder=Path())


def test_a_failure_is_reported_though_no_usable_database_is_named(
    board: Board, clock: Clock, tmp_path: Path
) -> None:
    environment = {"DATABASE_URL": "mysql://x", "OPS_SLACK_WEBHOOK_URL": WEBHOOK}
    named = OpsAlerts.from_environment(environment, project_folder=tmp_path)
    with pytest.raises(SettingsError, match="DATABASE_URL starts neither"):
        replace(named, channels=[board], now=clock).task_failed(failing(0))
    assert board.titles == ["bitcoin · compute failed"]
