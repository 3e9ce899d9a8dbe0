"""``bitcoin_data_pipeline`` through Airflow's own runner, against a simulated market, Slack and S3."""

import hashlib
import json
import re
import statistics
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.market import quarantine
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generator import GeneratedSeries
from tests.system.world import World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

# The steepest hour of 2025 in the simulated market with seed 0.
CRASH = datetime(2025, 6, 11, 4, tzinfo=UTC)
TASKS = (
    "fetch_and_save_bitcoin_price",
    "compute_moving_average",
    "upload_processed_csv_to_s3",
    "send_price_alerts",
    "upload_raw_to_s3",
)


def run_dag(moment: datetime) -> dict[str, str]:
    return run_pipeline("bitcoin_data_pipeline", moment)


def test_a_run_on_a_crash_hour_writes_exactly_these_bytes(world: World) -> None:
    hour_before = CRASH - timedelta(hours=1)
    world.simulator.clock.set(hour_before)
    assert set(run_dag(hour_before).values()) == {"success"}
    world.simulator.clock.set(CRASH)
    assert run_dag(CRASH) == dict.fromkeys(TASKS, "success")

    before, crash = (GeneratedSeries("bitcoin", 0).quote_at(moment) for moment in (hour_before, CRASH))
    assert before is not None
    assert crash is not None
    files = world.files()
    snapshot = json.loads(files["archive/bitcoin/20250611T040000Z.json"])
    (answer,) = snapshot["answers"]
    header = (
        "timestamp,coin,vs_currency,price,change_1h_percent,change_24h_percent,"
        "market_cap,total_volume,last_updated\n"
    )
    row_before, row = (
        f"{moment},bitcoin,usd,{quote.price},{said['price_change_percentage_1h_in_currency']},"
        f"{said['price_change_percentage_24h_in_currency']},{said['market_cap']},{quote.volume},{moment}\n"
        for moment, quote, said in (
            (
                "2025-06-11T03:00:00Z",
                before,
                json.loads(files["archive/bitcoin/20250611T030000Z.json"])["answers"][0],
            ),
            ("2025-06-11T04:00:00Z", crash, answer),
        )
    )
    assert files["archive/bitcoin/20250611T040000Z.csv"].decode() == header + row
    assert files["bitcoin_raw.csv"].decode() == header + row_before + row

    window = two_prices(before.price, crash.price)
    log_return = float((crash.price / before.price).ln())
    columns = (
        "timestamp,price,change_1h_percent,change_24h_percent,log_return,"
        "mean_24h,std_24h,count_24h,z_score_24h,mean_7d,std_7d,count_7d,z_score_7d\n"
    )
    one_price = f"{float(before.price)!r},,1,"
    first_row = f"2025-06-11T03:00:00Z,{before.price},{moves_of(row_before)},,{one_price},{one_price}\n"
    second_row = f"2025-06-11T04:00:00Z,{crash.price},{moves_of(row)},{log_return},{window},{window}\n"
    assert files["bitcoin_processed.csv"].decode() == columns + first_row + second_row

    head, _, rest = files["archive/bitcoin/20250611T040000Z.json"].partition(b'"answers": [\n')
    sha256 = hashlib.sha256(rest.partition(b"\n ],\n")[0]).hexdigest()
    assert f'"sha256": "{sha256}"'.encode() in head
    inner = ("/checkpoints/", "published/", "response_shapes/")
    assert [name for name in sorted(files) if not any(part in name for part in inner)] == [
        "archive/bitcoin/20250611T030000Z.csv",
        "archive/bitcoin/20250611T030000Z.json",
        "archive/bitcoin/20250611T040000Z.csv",
        "archive/bitcoin/20250611T040000Z.json",
        "archive/bitcoin/keeper",
        "bitcoin_processed.csv",
        "bitcoin_raw.csv",
    ]
    raw = "crypto/bitcoin/raw/date=2025-06-11"
    assert world.objects() == {
        "crypto/bitcoin/processed/bitcoin_processed.csv": files["bitcoin_processed.csv"],
        "crypto/bitcoin/processed/date=2025-06-11/bitcoin_processed.csv": files["bitcoin_processed.csv"],
        "crypto/bitcoin/raw/bitcoin_raw.csv": files["bitcoin_raw.csv"],
        **{
            f"{raw}/hour={hour}/20250611T{hour}0000Z.{suffix}": files[
                f"archive/bitcoin/20250611T{hour}0000Z.{suffix}"
            ]
            for hour in ("03", "04")
            for suffix in ("json", "csv")
        },
    }


def test_the_alert_links_to_the_run_and_is_told_once(world: World) -> None:
    world.simulator.clock.set(CRASH)
    run_dag(CRASH)
    files, requests = world.files(), len(world.simulator.requests)
    assert set(run_dag(CRASH).values()) == {"success"}
    assert world.files() == files
    assert len(world.simulator.requests) == requests
    (message,) = world.simulator.slack_messages
    assert world.sent("delivered") == [message.body]
    body: Any = message.body
    context = body["blocks"][-1]["elements"][0]["text"]
    assert "/dags/bitcoin_data_pipeline/runs/manual__" in context
    run_link, log_link, chart_link = re.findall(r"<([^|]+)\|(?:run|log|chart)>", context)
    assert "/tasks/" not in run_link
    assert log_link.startswith(f"{run_link}/tasks/send_price_alerts")
    assert chart_link == "https://www.coingecko.com/en/coins/bitcoin"


def test_a_slack_outage_fails_its_own_task_only(world: World) -> None:
    world.simulator.clock.set(CRASH)
    world.simulator.faults.add(Fault(kind="status", status=404, path="/services", times=None))
    assert run_dag(CRASH) == {**dict.fromkeys(TASKS, "success"), "send_price_alerts": "failed"}
    assert (len(world.sent("undelivered")), world.sent("delivered")) == (1, [])


def test_uploads_are_skipped_without_a_bucket(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3_BUCKET")
    world.simulator.clock.set(CRASH)
    skipped = {"upload_raw_to_s3": "skipped", "upload_processed_csv_to_s3": "skipped"}
    assert run_dag(CRASH) == {**dict.fromkeys(TASKS, "success"), **skipped}
    assert world.objects() == {}


def test_a_quote_from_before_the_moment_fails_the_run_and_stores_nothing_of_it(world: World) -> None:
    world.simulator.clock.set(CRASH - timedelta(minutes=11))
    states = run_dag(CRASH)
    assert states.pop("fetch_and_save_bitcoin_price") == "failed"
    assert set(states.values()) == {"upstream_failed"}
    assert world.files() == {}
    assert world.open_problems() == [("bitcoin", "fetch_and_save_bitcoin_price")]
    settings = Settings.from_environment({"DATA_DIR": str(world.data)}, project_folder=world.data)
    with closing(PreparedDatabase(settings.database_url)) as database, database.reading() as connection:
        (kept,) = quarantine.read(connection, "bitcoin")
    assert (kept.refused.moment, kept.refused.kind) == (CRASH, "moment-mismatch")


def moves_of(row: str) -> str:
    return ",".join(row.split(",")[4:6])


def two_prices(first: Decimal, second: Decimal) -> str:
    """Mean, deviation, count and z-score at the second of two prices, as the table writes them."""
    exact = [Fraction(first), Fraction(second)]
    return f"{float(statistics.mean(exact))!r},{float(statistics.stdev(exact))!r},2,"
