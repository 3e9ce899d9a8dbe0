from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib import steps
from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]

AT = ("--at", "2018-02-05T14:00:00Z")
FETCHED = "fetch_and_save_price: bitcoin 9000.00 USD (1h -10.00 %, 24h -10.00 %) at 2018-02-05T14:00:00Z"
EVENTS = "-10.00 % in 1h (fired), -10.00 % in 24h (fired)"
COMPUTED = "compute_moving_average: 1 row up to 2018-02-05T14:00:00Z"
RAW_SIZE = "; bitcoin_raw.csv: 195 B"
STATISTICS = "; 24h mean 9,000.00; 7d mean 9,000.00; bitcoin_processed.csv: 202 B"
RAW_SKIPPED = "upload_raw_to_s3: skipped: the spec has no s3 section"
PROCESSED_SKIPPED = "upload_processed_csv_to_s3: skipped: the spec has no s3 section"


def test_a_run_prints_a_line_for_each_step(project: Path, market: Simulator, command: Command) -> None:
    result = command("run", "bitcoin", *AT)
    assert result.stdout.splitlines() == [
        f"{FETCHED}{RAW_SIZE}",
        f"send_price_alerts: {EVENTS}: delivered to Slack",
        RAW_SKIPPED,
        f"{COMPUTED}{STATISTICS}",
        PROCESSED_SKIPPED,
    ]
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(market.slack_messages) == 1
    assert (project / "data" / "bitcoin_raw.csv").read_text(encoding="utf-8").count("\n") == 2
    assert (project / "data" / "bitcoin_processed.csv").read_text(encoding="utf-8").count("\n") == 2


def test_a_pipeline_alerts_at_its_own_webhook(
    project: Path, market: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = project / "dag_configs" / "bitcoin.yaml"
    spec.write_text(spec.read_text() + "alerts: {webhook_variable: SLACK_WEBHOOK_URL_MAJORS}\n")
    unset = command("run", "bitcoin", *AT)
    assert (
        f"send_price_alerts: skipped: {EVENTS}: not delivered, since SLACK_WEBHOOK_URL_MAJORS is not set"
        in unset.stdout
    )
    monkeypatch.setenv("SLACK_WEBHOOK_URL_MAJORS", market.slack_webhook_url)
    monkeypatch.delenv("SLACK_WEBHOOK_URL")
    assert f"send_price_alerts: {EVENTS}: delivered to Slack" in command("run", "bitcoin", *AT).stdout


def test_a_run_made_again_fetches_and_tells_nothing_new(
    project: Path, market: Simulator, command: Command
) -> None:
    command("run", "bitcoin", *AT)
    before = {path: path.read_bytes() for path in (project / "data").rglob("*") if path.is_file()}
    result = command("run", "bitcoin", *AT)
    assert result.stdout.splitlines() == [
        f"{FETCHED}, as archived before{RAW_SIZE}",
        f"send_price_alerts: {EVENTS}: already delivered",
        RAW_SKIPPED,
        f"{COMPUTED}, unchanged{STATISTICS}",
        PROCESSED_SKIPPED,
    ]
    assert result.exit_code == 0
    assert (len(market.requests), len(market.slack_messages)) == (1, 1)
    assert {path: path.read_bytes() for path in before} == before


def test_a_warning_of_a_step_stands_on_stderr(
    market: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute_moving_average(*_: object) -> Done:
        return Done("done", ("a new field",))

    fetch, *_ = steps.all_steps()
    monkeypatch.setattr(steps, "all_steps", lambda: (fetch, compute_moving_average))
    result = command("run", "bitcoin", *AT)
    assert result.stdout.splitlines()[1:] == ["compute_moving_average: done"]
    assert (result.exit_code, result.stderr) == (0, "compute_moving_average: warning: a new field\n")
    assert len(market.requests) == 1


def test_a_run_without_a_price_ends_at_once(project: Path, market: Simulator, command: Command) -> None:
    market.faults.add(Fault(kind="status", status=401))
    result = command("run", "bitcoin", *AT)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "fetch_and_save_price: failed: CoinGecko answered 401: API Key Missing."
        " (set COINGECKO_API_KEY, or check that the key is right)\n"
    )
    assert not (project / "data" / "bitcoin_raw.csv").exists()


def test_a_step_that_fails_holds_up_no_other(market: Simulator, command: Command) -> None:
    market.faults.add(Fault(kind="status", status=404, path="/services"))
    result = command("run", "bitcoin", *AT)
    assert result.exit_code == 1
    assert result.stderr.startswith("send_price_alerts: failed: Slack refused the message: 404 no_service (")
    assert result.stdout.splitlines() == [
        f"{FETCHED}{RAW_SIZE}",
        RAW_SKIPPED,
        f"{COMPUTED}{STATISTICS}",
        PROCESSED_SKIPPED,
    ]


def test_a_disk_that_refuses_is_a_failed_step(project: Path, market: Simulator, command: Command) -> None:
    (project / "data").write_text("a file in the folder's place", encoding="utf-8")
    result = command("run", "bitcoin", *AT)
    assert result.exit_code == 1
    assert result.stderr.startswith("fetch_and_save_price: failed: [Errno ")
    assert market.slack_messages == ()


def test_a_moment_beyond_the_reach_of_history_never_takes_the_price_of_now(
    project: Path, market: Simulator, command: Command
) -> None:
    result = command("run", "bitcoin", "--at", "2018-02-05T13:00:00Z")
    assert result.exit_code == 1
    assert "and 2018-02-05T13:00:00Z lies before that (ask for a later time; when the plan " in result.stderr
    assert [request.path for request in market.requests] == ["/coins/markets"]
    assert not (project / "data" / "bitcoin_raw.csv").exists()


@pytest.mark.usefixtures("market")
def test_a_past_moment_takes_the_price_of_history(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_HISTORY_DAYS", "36500")
    result = command("run", "bitcoin", "--at", "2018-02-05T13:20:00Z")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == (
        "fetch_and_save_price: bitcoin 10000.00 USD (1h +0.00 %, 24h unknown) at 2018-02-05T13:20:00Z,"
        " from history: the price of 2018-02-05T13:00:00Z; bitcoin_raw.csv: 198 B"
    )
    assert "2018-02-05T13:20:00Z,bitcoin,usd,10000.00," in (project / "data" / "bitcoin_raw.csv").read_text()


def test_a_gap_in_the_history_skips_every_step(
    project: Path, market: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_HISTORY_DAYS", "36500")
    result = command("run", "bitcoin", "--at", "2018-02-04T13:00:00Z")
    assert (result.exit_code, result.stderr) == (0, "")
    reason = "CoinGecko's history of 'bitcoin' has no price of 2018-02-04T13:00:00Z: nor any price before it"
    nothing = "skipped: there is no price to work on"
    assert result.stdout.splitlines() == [
        f"fetch_and_save_price: skipped: {reason}",
        f"send_price_alerts: {nothing}",
        f"upload_raw_to_s3: {nothing}",
        f"compute_moving_average: {nothing}",
        f"upload_processed_csv_to_s3: {nothing}",
    ]
    assert not (project / "data" / "bitcoin_raw.csv").exists()
    assert market.slack_messages == ()


def test_a_run_without_a_moment_is_of_now(market: Simulator, command: Command) -> None:
    market.clock.follow()
    result = command("run", "bitcoin")
    assert result.exit_code == 1
    assert "the quote of 'bitcoin' is of 2018-02-05T14:00:00Z, not of the run's moment 20" in result.stderr


@pytest.mark.parametrize("text", ["yesterday", "2018-02-05T14:00:00", "0001-01-01", "9999-12-31T23:59:59Z"])
@pytest.mark.usefixtures("project")
def test_a_moment_that_is_none_is_misuse(command: Command, text: str) -> None:
    result = command("run", "bitcoin", "--at", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--at': " in result.stderr
    assert "write a time with its zone, such as 2018-02-05T14:00:00Z" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_run_of_nothing_is_misuse(command: Command) -> None:
    result = command("run")
    assert result.exit_code == 2
    assert "Missing argument 'PIPELINE'" in result.stderr


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ethereum", "pipelines here: bitcoin"),
        ("dag_configs/bitcoin", "pipelines here: bitcoin"),
        ("../bitcoin", "did you mean 'bitcoin'?"),
        ("bitcion", "did you mean 'bitcoin'?"),
    ],
)
def test_an_unknown_pipeline_is_told_with_the_known_ones(
    project: Path, command: Command, name: str, hint: str
) -> None:
    result = command("run", name)
    path = project / "dag_configs" / f"{name}.yaml"
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: no spec for pipeline {name!r}: {path} doesn't exist ({hint})\n"


def test_a_broken_spec_is_told_at_its_place(project: Path, command: Command) -> None:
    spec = project / "dag_configs" / "bitcoin.yaml"
    spec.write_text("spec_version: 1\ncoin: [\n", encoding="utf-8")
    result = command("run", "bitcoin")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: dag_configs/bitcoin.yaml:3:1: a value is missing before this"
        " (close each [ with ] and each { with })\n"
    )


def test_a_moment_before_the_start_date_is_misuse(project: Path, market: Simulator, command: Command) -> None:
    spec = project / "dag_configs" / "bitcoin.yaml"
    spec.write_text(spec.read_text() + "start_date: 2018-02-06\n")
    result = command("run", "bitcoin", *AT)
    assert result.exit_code == 2
    assert "bitcoin has runs from 2018-02-06T00:00:00Z on (start_date in its spec)" in result.stderr
    assert market.requests == ()
