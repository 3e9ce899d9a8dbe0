import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]

HOUR = timedelta(hours=1)
CHART = "/coins/bitcoin/market_chart/range"
COMPUTED = "compute_moving_average: {count} rows up to {last}"
NOT_UPLOADED = [
    "upload_raw_to_s3: skipped: the spec has no s3 section",
    "upload_processed_csv_to_s3: skipped: the spec has no s3 section",
]


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A market that runs with the real clock, as the command does."""
    with Simulator(
        {"bitcoin": GeneratedSeries("bitcoin", 0)}, SimulatedClock(lambda: datetime.now(UTC))
    ) as running:
        yield running


def span(start: datetime, end: datetime) -> tuple[str, ...]:
    return ("--from", format_moment(start), "--to", format_moment(end))


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def archived(project: Path) -> list[str]:
    return sorted(path.stem for path in (project / "data" / "archive" / "bitcoin").glob("*.json"))


def test_a_month_of_hours_costs_one_call(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    start, end = now - timedelta(days=32), now - timedelta(days=2, hours=1)
    result = command("backfill", "bitcoin", *span(start, end))
    assert [line.partition("; ")[0] for line in result.stdout.splitlines()] == [
        "bitcoin: 720 moments to fill in, 1 call of CoinGecko, less than a minute (0 of 720 are there)",
        "bitcoin: 720 observed, 0 there already, 0 gaps, 0 failed of 720 moments",
        COMPUTED.format(count=720, last=format_moment(end)),
        *NOT_UPLOADED,
        "missing: none of 720 moments",
    ]
    assert result.exit_code == 0
    assert [request.path for request in market.requests] == [CHART]
    assert market.slack_messages == ()
    series = GeneratedSeries("bitcoin", 0)
    rows = (project / "data" / "bitcoin_raw.csv").read_text().splitlines()[1:]
    for number, row in enumerate(rows):
        quote = series.quote_at(start + number * HOUR)
        assert quote is not None
        assert row.split(",")[:4] == [format_moment(quote.time), "bitcoin", "usd", f"{quote.price:f}"]


def test_what_is_there_already_is_left_as_it_is(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    start = now - 40 * HOUR
    command("backfill", "bitcoin", *span(start + 2 * HOUR, start + 4 * HOUR))
    before = {path: path.read_bytes() for path in (project / "data" / "archive").rglob("*.json")}
    result = command("backfill", "bitcoin", *span(start, start + 9 * HOUR))
    assert lines(result)[0] == (
        "bitcoin: 7 moments to fill in, 0 calls of CoinGecko, less than a minute (3 of 10 are there)"
    )
    assert lines(result)[1] == "bitcoin: 7 observed, 3 there already, 0 gaps, 0 failed of 10 moments"
    assert {path: path.read_bytes() for path in before} == before
    assert len(archived(project)) == 10
    again = command("backfill", "bitcoin", *span(start, start + 9 * HOUR))
    assert lines(again)[1] == "bitcoin: 0 observed, 10 there already, 0 gaps, 0 failed of 10 moments"
    assert again.exit_code == 0
    assert len(market.requests) == 1


def test_a_failure_of_everything_stops_the_backfill(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    market.faults.add(Fault(kind="status", status=401))
    result = command("backfill", "bitcoin", *span(now - 9 * HOUR, now - 5 * HOUR))
    assert result.exit_code == 1
    assert lines(result)[1:] == [
        "bitcoin: 0 observed, 0 there already, 0 gaps, 0 failed of 5 moments",
        "missing: 5 of 5 moments: 5 not tried",
    ]
    assert (
        "bitcoin: stopped: CoinGecko answered 401: API Key Missing. (set COINGECKO_API_KEY" in result.stderr
    )
    assert (len(market.requests), archived(project)) == (1, [])


def test_a_failure_of_one_moment_does_not_stop_the_others(
    market: Simulator, command: Command, now: datetime
) -> None:
    start = now - 50 * HOUR
    points = ",".join(
        f"[{int((start + hour * HOUR).timestamp())}000,{'0' if hour in {2, 3} else '7'}]" for hour in range(8)
    )
    market.faults.add(Fault(kind="malformed", body=f'{{"prices":[{points}]}}'))
    result = command("backfill", "bitcoin", *span(start, start + 7 * HOUR))
    assert result.exit_code == 1
    # The hour after an impossible price has no move, and is refused as well.
    assert lines(result)[1] == "bitcoin: 5 observed, 0 there already, 0 gaps, 3 failed of 8 moments"
    assert lines(result)[-1] == "missing: 3 of 8 moments: 3 failed"
    reason = "failed: quote of 'bitcoin' refused: prices is 0, and a price is greater than zero"
    assert f"bitcoin: {format_moment(start + 2 * HOUR)} {reason} (" in result.stderr
    assert COMPUTED.format(count=5, last=format_moment(start + 7 * HOUR)) in result.stdout


def test_gaps_are_counted_and_named(
    project: Path, command: Command, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = now - 60 * HOUR
    rows = [f"{format_moment(start + hour * HOUR)},8000" for hour in range(61) if not 10 <= hour <= 20]
    (tmp_path / "holed.csv").write_text("\n".join(["timestamp,close_usd", *rows, ""]))
    clock = SimulatedClock(lambda: datetime.now(UTC))
    with Simulator({"bitcoin": CsvSeries(tmp_path / "holed.csv")}, clock) as market:
        monkeypatch.setenv("COINGECKO_BASE_URL", market.base_url)
        result = command("backfill", "bitcoin", *span(start, start + 30 * HOUR))
    named = ", ".join(format_moment(start + hour * HOUR) for hour in range(11, 16))
    assert lines(result)[1:3] == [
        "bitcoin: 21 observed, 0 there already, 10 gaps, 0 failed of 31 moments",
        f"bitcoin: CoinGecko has no price of {named} and 5 more",
    ]
    assert lines(result)[-1] == "missing: 10 of 31 moments: 10 without a price at CoinGecko"
    assert result.exit_code == 0
    assert len(archived(project)) == 21


def test_where_there_is_no_price_at_all_nothing_is_made(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    market.faults.add(Fault(kind="malformed", body='{"prices":[]}'))
    result = command("backfill", "bitcoin", *span(now - 9 * HOUR, now - 8 * HOUR))
    assert result.exit_code == 0
    assert lines(result)[1] == "bitcoin: 0 observed, 0 there already, 2 gaps, 0 failed of 2 moments"
    assert not (project / "data" / "bitcoin_processed.csv").exists()


def test_beyond_the_reach_of_the_plan_nothing_is_asked(
    market: Simulator, command: Command, now: datetime
) -> None:
    result = command("backfill", "bitcoin", *span(now - timedelta(days=366), now - timedelta(days=364)))
    assert (result.exit_code, result.stdout) == (1, "")
    found = re.fullmatch(
        r"Error: CoinGecko's history reaches back to (\S+), and (\S+) lies before that"
        r" \(ask for a later time; when the plan reaches further, set COINGECKO_HISTORY_DAYS\)\n",
        result.stderr,
    )
    assert found is not None
    assert found[2] == format_moment(now - timedelta(days=366))
    assert market.requests == ()


def test_an_end_in_the_future_is_now(market: Simulator, command: Command, now: datetime) -> None:
    result = command("backfill", "bitcoin", *span(now - 3 * HOUR, now + 3 * HOUR))
    assert "--to lies in the future: filling in up to now, " in result.stderr
    assert re.search(r"\nbitcoin: [45] observed, .* of [45] moments\n", result.stdout)
    without_end = command("backfill", "bitcoin", "--from", format_moment(now - 3 * HOUR))
    assert " 0 failed of " in without_end.stdout
    assert len(market.requests) <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-01-01T00:00:00"), "'2026-01-01T00:00:00' has no time zone; write a time with its"),
        (("--from", "0001-01-01"), "'0001-01-01' lies outside the years 1970 to 2199; "),
        (("--from", "yesterday"), "'yesterday' is no time; write a time with its zone, such as "),
        (("--from", "2026-01-01T00:00:00Z", "--to", "x"), "Invalid value for '--to': "),
        (
            ("--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"),
            "--from 2026-01-02T00:00:00Z lies after 2026-01-01T00:00:00Z",
        ),
        (("--from", "2099-01-02T00:00:00Z"), "--from 2099-01-02T00:00:00Z lies after "),
        (
            ("--from", "2026-01-01T00:01:00Z", "--to", "2026-01-01T00:02:00Z"),
            "bitcoin has no moment of @hourly from 2026-01-01T00:01:00Z to 2026-01-01T00:02:00Z",
        ),
        ((), "Missing option '--from'"),
        (("--all", "--from", "2026-01-01T00:00:00Z"), "name a pipeline, or give --all"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_span_without_moments_is_misuse(command: Command, arguments: tuple[str, ...], said: str) -> None:
    result = command("backfill", "bitcoin", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_backfill_that_is_interrupted_goes_on_where_it_was(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    arguments = ("backfill", "bitcoin", *span(now - timedelta(days=18), now - timedelta(days=1)))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline_lib.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs tests in the background lets them ignore Ctrl-C, and so their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 (no threads)
    )
    while len(archived(project)) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout.count("\n")) == (130, 1)
    stopped = re.search(r"\nstopped: missing: (\d+) of 409 moments: \1 not tried\n", stderr)
    assert stopped is not None
    assert stderr.endswith("the same command goes on from there, and then makes the tables\n")
    there = len(archived(project))
    assert 409 - int(stopped[1]) <= there <= 409 - int(stopped[1]) + 1
    result = command(*arguments)
    assert result.exit_code == 0
    assert lines(result)[1] == (
        f"bitcoin: {409 - there} observed, {there} there already, 0 gaps, 0 failed of 409 moments"
    )
    assert [request.path for request in market.requests] == [CHART]
    assert (project / "data" / "bitcoin_raw.csv").read_text().count("\n") == 410


@pytest.mark.usefixtures("project")
def test_more_moments_than_one_backfill_takes_are_refused_without_listing_them(command: Command) -> None:
    spec = Path("dag_configs", "bitcoin.yaml")
    spec.write_text(spec.read_text().replace("@hourly", "* * * * *"))
    result = command("backfill", "bitcoin", "--from", "1976-01-01", "--to", "2026-01-01", "--dry-run")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: bitcoin has more than 2,000,000 moments from 1976-01-01T00:00:00Z to 2026-01-01T00:00:00Z, "
        "and one backfill takes no more (fill in a shorter span first)"
    )


def test_many_moments_are_announced_before_they_are_looked_for(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_HISTORY_DAYS", "5000")
    spec = project / "dag_configs" / "bitcoin.yaml"
    spec.write_text(spec.read_text() + "start_date: 2014-01-01\n")
    span = ("--from", "2014-02-01", "--to", "2025-08-01")
    result = command("backfill", "bitcoin", *span, "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "looking which of 100,777 moments are missing\n")
    assert lines(result)[0].startswith("bitcoin: 100,777 moments to fill in, ")
    (copy := Path("dag_configs", "copy.yaml")).write_text(Path("dag_configs", "bitcoin.yaml").read_text())
    copy.write_text(copy.read_text().replace("@hourly", "*/2 * * * *"))
    both = command("backfill", "--all", *span, "--dry-run")
    assert both.exit_code == 2
    assert "Error: the 2 pipelines have more than 2,000,000 moments from 2014-02-01T00:00:00Z" in both.stderr


@pytest.mark.usefixtures("project")
def test_a_date_leaves_out_the_rest_of_its_day(command: Command, now: datetime) -> None:
    day = (now - timedelta(days=20)).date()
    result = command(
        "backfill", "bitcoin", "--from", f"{day}", "--to", f"{day + timedelta(days=1)}", "--dry-run"
    )
    assert lines(result)[0].startswith("bitcoin: 25 moments to fill in")


def test_nothing_before_the_start_date_is_filled_in(
    project: Path, market: Simulator, command: Command, now: datetime
) -> None:
    spec = project / "dag_configs" / "bitcoin.yaml"
    today = now.replace(hour=0)
    spec.write_text(spec.read_text() + f"start_date: {today:%Y-%m-%d}\n")
    begins = f"bitcoin: it has runs from {format_moment(today)} on (start_date in its spec)"

    result = command("backfill", "bitcoin", *span(now - 2 * HOUR * 24, today + HOUR), "--dry-run")
    assert begins in result.stderr
    assert "of 2 are there" in result.stdout or "of 1 are there" in result.stdout

    refused = command("backfill", "bitcoin", *span(today - HOUR, today - HOUR))
    assert refused.exit_code == 2
    assert f"no pipeline has a run of {format_moment(today - HOUR)}" in refused.stderr
    assert market.requests == ()
