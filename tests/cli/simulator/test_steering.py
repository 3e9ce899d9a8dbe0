from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from click.testing import CliRunner, Result

from pipeline_lib.cli.simulator import simulator as command
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generated_market import GeneratedMarket
from pipeline_lib.simulator.server import Simulator

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(GeneratedMarket(0), SimulatedClock(lambda: NOW)) as running:
        yield running


def _call(simulator: Simulator, *arguments: str) -> Result:
    port = simulator.control_url.split(":")[2].split("/")[0]
    return CliRunner().invoke(command, [*arguments, "--port", port])


def _statuses(simulator: Simulator) -> tuple[int, int]:
    """What CoinGecko and Slack answer now."""
    market = requests.get(f"{simulator.base_url}/ping", timeout=5)
    slack = requests.post(simulator.slack_webhook_url, json={"text": "hello"}, timeout=5)
    return market.status_code, slack.status_code


@pytest.mark.parametrize(
    ("arguments", "first", "second"),
    [
        (("429",), (429, 200), (200, 200)),
        (("503", "--times", "2"), (503, 200), (503, 200)),
        (("500", "--slack"), (200, 500), (200, 200)),
        (("500", "--until-cleared"), (500, 200), (500, 200)),
        (("404", "--path", "/coins"), (200, 200), (200, 200)),
    ],
)
def test_a_status_is_all_that_a_fault_needs(
    simulator: Simulator, arguments: tuple[str, ...], first: tuple[int, int], second: tuple[int, int]
) -> None:
    assert _call(simulator, "fault", *arguments).exit_code == 0
    assert [_statuses(simulator), _statuses(simulator)] == [first, second]


def test_every_kind_of_fault_can_be_asked_for(simulator: Simulator) -> None:
    for arguments in (
        ("429", "--retry-after", "30"),
        ("replace-field", "--field", "current_price", "--value", "-1", "--coin", "solana"),
        ("unknown_coin", "--coin", "dogecoin", "--until-cleared"),
        ("slow", "--seconds", "0.5", "--path", "/ping", "--times", "3"),
        ("500", "--slack"),
    ):
        result = _call(simulator, "fault", *arguments)
        assert result.exit_code == 0, result.output
    assert simulator.faults.waiting() == (
        Fault(kind="status", status=429, retry_after=30, path="/api/v3"),
        Fault(kind="replace_field", field="current_price", value=-1, coin="solana", path="/api/v3"),
        Fault(kind="unknown_coin", coin="dogecoin", times=None, path="/api/v3"),
        Fault(kind="slow", seconds=0.5, path="/ping", times=3),
        Fault(kind="status", status=500, path="/services"),
    )
    assert _call(simulator, "fault").output == (
        "status 429, retry_after 30: the next request to CoinGecko\n"
        "replace_field, field current_price, value -1, coin solana: the next request to CoinGecko\n"
        "unknown_coin, coin dogecoin: every request to CoinGecko\n"
        "slow, seconds 0.5: the next 3 requests to /ping\n"
        "status 500: the next request to Slack\n"
    )
    assert _call(simulator, "fault", "clear").output == "no faults wait\n"
    assert simulator.faults.waiting() == ()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("429x",), "'429x' is neither a status such as 429 nor one of slow, drip, cut"),
        (("999",), "status is 999, not from 200 to 599"),
        (("slow",), "a fault of kind slow needs seconds"),
        (("cut", "--field", "id"), "a fault of kind cut takes no field"),
        (("500", "--slack", "--path", "/coins"), "--slack and --path exclude each other"),
    ],
)
def test_a_fault_that_does_not_fit_is_refused(
    simulator: Simulator, arguments: tuple[str, ...], reason: str
) -> None:
    result = _call(simulator, "fault", *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert simulator.faults.waiting() == ()


def test_the_clock_is_set_told_and_let_go(simulator: Simulator) -> None:
    assert _call(simulator, "clock").output == "2026-03-05T14:00:00Z, follows the real clock\n"
    assert _call(simulator, "clock", "2026-03-01T00:00:00Z").output == "2026-03-01T00:00:00Z, stands\n"
    assert simulator.clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert _call(simulator, "clock", "now").output == "2026-03-05T14:00:00Z, follows the real clock\n"
    refused = _call(simulator, "clock", "yesterday")
    assert refused.exit_code == 1
    assert "yesterday" in refused.stderr


def test_the_port_may_stand_before_the_command(simulator: Simulator) -> None:
    port = simulator.control_url.split(":")[2].split("/")[0]
    result = CliRunner().invoke(command, ["--port", port, "fault", "429"])
    assert result.exit_code == 0
    assert simulator.faults.waiting() == (Fault(kind="status", status=429, path="/api/v3"),)


def test_without_a_simulator_the_way_to_start_one_is_told() -> None:
    with Simulator(GeneratedMarket(0), SimulatedClock(lambda: NOW)) as ended:
        pass
    result = _call(ended, "fault", "429")
    assert result.exit_code == 1
    assert "start one with `coin-pipelines simulator`" in result.stderr
