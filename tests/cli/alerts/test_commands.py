"""``coin-pipelines alerts``: test, history and simulate."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import Result

from pipeline_lib.cli.alerts import alerts
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.model.observation import Observation
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from tests.alerts.samples import MOMENT
from tests.fixtures.recorded import record
from tests.system.replays import observation

Command = Callable[..., Result]
COMMANDS = alerts.list_commands(click.Context(alerts))


@pytest.fixture
def logged(project: Path) -> Path:
    """The project with three days of prices: a tenth up after one day, back down after two."""
    rows = [
        observation(MOMENT + timedelta(hours=hour - 72), Decimal(11000 if 24 <= hour < 48 else 10000))
        for hour in range(72)
    ]
    _record(project, rows)
    return project


def _record(project: Path, rows: Sequence[Observation]) -> None:
    settings = Settings.from_environment({}, project_folder=project)
    with closing(PreparedDatabase(settings.database_url)) as database, database.writing() as connection:
        record(connection, rows, "bitcoin")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_an_example(command: Command, name: str) -> None:
    result = command("alerts", name, "--help")
    assert result.exit_code == 0
    assert f"\n    coin-pipelines alerts {name} bitcoin" in result.output.split("Example")[1]


def test_the_group_lists_its_commands(command: Command) -> None:
    assert COMMANDS == ["history", "simulate", "test"]
    assert command("alerts", "--help").exit_code == 0
    assert command("alerts", "frobnicate").exit_code == 2


def test_a_test_message_says_that_it_is_one(market: Simulator, command: Command) -> None:
    result = command("alerts", "test", "bitcoin")
    assert (result.exit_code, result.stdout) == (
        0,
        "sent a test message to the webhook in SLACK_WEBHOOK_URL\n",
    )
    (message,) = market.slack_messages
    assert message.body["text"] == "🧪 TEST: alerts of bitcoin arrive here"
    assert "Nothing has happened." in json.dumps(message.body)
    assert "• 3 % in 1h" in json.dumps(message.body, ensure_ascii=False)


@pytest.mark.usefixtures("project")
def test_without_a_webhook_there_is_nothing_to_test(command: Command) -> None:
    result = command("alerts", "test", "bitcoin")
    assert result.exit_code == 1
    assert "SLACK_WEBHOOK_URL is not set" in result.stderr


def test_a_refused_test_message_says_what_to_do(market: Simulator, command: Command) -> None:
    market.faults.add(Fault(kind="status", path="/services", status=404))
    result = command("alerts", "test", "bitcoin")
    assert result.exit_code == 1
    assert "404 no_service (the webhook was revoked or never was; make a new one" in result.stderr
    assert "/services/" not in result.stderr


@pytest.mark.usefixtures("logged")
def test_history_lists_episodes_with_what_became_of_their_messages(command: Command) -> None:
    result = command("alerts", "history", "bitcoin")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[-1] == "4 episodes"
    assert lines[0] == (
        "2018-02-03T14:00:00Z  2018-02-03T15:00:00Z  1h      +10.00 %  fired undelivered, cleared undelivered"
    )
    assert lines[1].split()[:3] == ["2018-02-03T14:00:00Z", "2018-02-04T14:00:00Z", "24h"]


def test_history_knows_what_was_delivered(market: Simulator, command: Command) -> None:
    command("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
    assert len(market.slack_messages) == 1
    episodes = json.loads(command("alerts", "history", "bitcoin", "--format", "json").stdout)
    assert [(episode["rule"], episode["ended"]) for episode in episodes] == [("1h", None), ("24h", None)]
    assert episodes[0]["messages"] == [
        {
            "kind": "fired",
            "moment": "2018-02-05T14:00:00Z",
            "step": 3,
            "value": "-10.0",
            "status": "delivered",
        }
    ]


def test_history_ends_an_episode_in_a_gap_as_unknown(project: Path, command: Command) -> None:
    prices = {0: 100, 1: 110, 535 * 24: 110}
    _record(project, [observation(MOMENT + timedelta(hours=hour), Decimal(p)) for hour, p in prices.items()])
    lines = command("alerts", "history", "bitcoin").stdout.splitlines()
    assert lines == [
        "2018-02-05T15:00:00Z  unknown               1h      +10.00 %  fired undelivered",
        "1 episode",
    ]
    (episode,) = json.loads(command("alerts", "history", "bitcoin", "--format", "json").stdout)
    assert (episode["ended"], episode["ends_in_gap"]) == (None, True)


@pytest.mark.usefixtures("logged")
def test_history_and_simulate_read_the_series_of_the_spec_alone(project: Path, command: Command) -> None:
    other = replace(observation(MOMENT, Decimal(1)), coin="ethereum")
    _record(project, [other])
    assert command("alerts", "history", "bitcoin").stdout.splitlines()[-1] == "4 episodes"
    assert "bitcoin: 72 observations" in command("alerts", "simulate", "bitcoin").stdout


@pytest.mark.usefixtures("logged")
def test_simulate_counts_the_messages_of_a_setting(command: Command) -> None:
    result = command("alerts", "simulate", "bitcoin", "--thresholds", "1h=3,24h=8")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "bitcoin: 72 observations, 2018-02-02T14:00:00Z to 2018-02-05T13:00:00Z",
        "clear level 0.7, cooldown none",
        "",
        "month     messages     fired     grown  reminded   cleared",
        "2018-02          4         4         0         0         2",
        "all              4         4         0         0         2",
        "",
        "3 % in 1h: 2 episodes",
        "8 % in 24h: 2 episodes",
        "4.0 messages a month",
    ]


@pytest.mark.usefixtures("logged")
def test_simulate_takes_every_setting_of_alerts(command: Command) -> None:
    options = ("--clear-level", "0.5", "--cooldown", "6h", "--z-score", "4", "--robust-z-score", "6")
    lines = command(
        "alerts", "simulate", "bitcoin", "--thresholds", "1h=50,24h=8", *options
    ).stdout.splitlines()
    assert lines[1] == "clear level 0.5, cooldown 6:00:00"
    assert [line.split(":")[0] for line in lines[-5:-1]] == [
        "50 % in 1h",
        "8 % in 24h",
        "4 deviations from the 7d mean",
        "6 deviations from the 7d median",
    ]
    assert int(lines[5].split()[4]) > 0


@pytest.mark.parametrize(
    ("options", "api_error"),
    [
        (("--thresholds", "1h=3"), "'1h=3' is not like 1h=3,24h=8"),
        (("--thresholds", "1h=3,24h=x"), "is not like 1h=3,24h=8"),
        (("--clear-level", "1.5"), "a clear level is at most 1"),
        (("--cooldown", "soon"), "'soon' is not a duration"),
        (("--z-score", "-1"), "'-1' is not a number above 0"),
    ],
)
def test_simulate_refuses_what_makes_no_setting(
    logged: Path, command: Command, options: tuple[str, ...], api_error: str
) -> None:
    assert logged.exists()
    result = command("alerts", "simulate", "bitcoin", *options)
    assert result.exit_code == 2
    assert api_error in result.stderr


@pytest.mark.usefixtures("project")
def test_without_observations_there_is_nothing_to_simulate_over(command: Command) -> None:
    result = command("alerts", "simulate", "bitcoin")
    assert result.exit_code == 1
    assert "bitcoin has no observations yet" in result.stderr
