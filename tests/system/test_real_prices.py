"""Hundreds of real bitcoin hours through all five steps, against computations that share no code."""

import csv
import io
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from pipeline_lib import steps
from pipeline_lib.model.outcome import Done
from pipeline_lib.publishing.s3.objects import Bucket, S3Account
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog
from tests.system.world import PROJECT, World

PRICES = PROJECT.parent / "shared" / "data" / "prices" / "bitcoin_usd_1h.csv"
FIRST = "2018-01-01T00:00:00Z"
HOURS = int(os.environ.get("REAL_HOURS", "200"))

pytestmark = [
    pytest.mark.skipif(not PRICES.exists(), reason=f"needs the real prices in {PRICES}"),
    pytest.mark.timeout(1200),
]


@pytest.fixture
def closes() -> list[tuple[str, str]]:
    """Every close of the file: time and price as they are written there."""
    with PRICES.open(newline="") as file:
        return [(row["timestamp"], row["close_usd"]) for row in csv.DictReader(file)]


class _OneClientAccount(S3Account):
    """Makes one client for all hours: each client reads megabytes of botocore's service descriptions."""

    @cache  # noqa: B019 (one account for the whole test)
    def open_bucket(self, name: str, endpoint_url: str | None) -> Bucket | None:
        return super().open_bucket(name, endpoint_url)


def test_hours_of_real_prices(
    world: World, closes: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = next(index for index, (time, _) in enumerate(closes) if time == FIRST)
    hours = closes[start : start + HOURS]
    clock = SimulatedClock(lambda: datetime.fromisoformat(FIRST))
    with Simulator({"bitcoin": CsvSeries(PRICES)}, clock) as market:
        monkeypatch.setenv("COINGECKO_BASE_URL", market.base_url)
        monkeypatch.setenv("SLACK_WEBHOOK_URL", market.slack_webhook_url)
        _run_all(market, [datetime.fromisoformat(time) for time, _ in hours])
        delivered = {_moment_of(message.body) for message in market.slack_messages}
        assert len(market.slack_messages) == len(delivered)

    assert delivered == _delivered_hours(closes, start)
    table = list(csv.DictReader(io.StringIO((world.data / "bitcoin_processed.csv").read_text())))
    assert [(row["timestamp"], row["price"]) for row in table] == hours
    prices = np.array([float(price) for _, price in hours])
    _assert_window(table, prices, "24h", 24)
    _assert_window(table, prices, "7d", 7 * 24)
    _assert_published(world, hours)


def _run_all(market: Simulator, moments: list[datetime]) -> None:
    settings = Settings.from_environment(os.environ, project_folder=PROJECT)
    spec, account = Catalog(PROJECT / "dag_configs").load("bitcoin"), _OneClientAccount.from_environment()
    services = replace(steps.Services.from_settings(settings), open_s3_account=lambda: account)
    for moment in moments:
        market.clock.set(moment)
        for step in steps.all_steps():
            assert isinstance(step(spec, steps.Run(moment), services), Done)


def _moment_of(message: Mapping[str, object]) -> str:
    found = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(message["blocks"]))
    assert found is not None
    return found[0]


def _delivered_hours(closes: list[tuple[str, str]], start: int) -> set[str]:
    """The hours in which an episode of bitcoin.yaml's thresholds, 3 % in 1h or 8 % in 24h, has news."""
    prices = [Decimal(price) for _, price in closes]
    delivered = set()
    for hours, threshold in ((1, 3), (24, 8)):
        side = step = 0
        for index in range(start, start + HOURS):
            move = (prices[index] / prices[index - hours] - 1) * 100 / threshold
            way = 1 if move > 0 else -1
            if abs(move) >= 1 and side != way:
                side, step = way, int(abs(move))
            elif side and abs(move) < Decimal("0.7"):
                side = 0
            elif side == way and abs(move) >= step + 1:
                step = int(abs(move))
            else:
                continue
            delivered.add(closes[index][0])
    return delivered


def _assert_window(table: list[dict[str, str]], prices: np.ndarray, label: str, length: int) -> None:
    for index, row in enumerate(table):
        window = prices[max(0, index - length + 1) : index + 1]
        baseline = prices[max(0, index - length) : index]
        assert int(row[f"count_{label}"]) == len(window)
        assert float(row[f"mean_{label}"]) == pytest.approx(window.mean(), rel=1e-12, abs=0)
        if len(window) > 1:
            assert float(row[f"std_{label}"]) == pytest.approx(window.std(ddof=1), rel=1e-12, abs=0)
        else:
            assert row[f"std_{label}"] == ""
        if len(baseline) >= 4:
            z_score = (prices[index] - baseline.mean()) / baseline.std(ddof=1)
            # Close to its mean a price loses digits in floats, not in the table: hence the absolute part.
            assert float(row[f"z_score_{label}"]) == pytest.approx(z_score, rel=1e-12, abs=1e-11)
        else:
            assert row[f"z_score_{label}"] == ""


def _assert_published(world: World, hours: list[tuple[str, str]]) -> None:
    objects = world.objects()
    for name in ("raw", "processed"):
        path = world.data / f"bitcoin_{name}.csv"
        assert objects.pop(f"crypto/bitcoin/{name}/bitcoin_{name}.csv") == path.read_bytes()
    days = {time[:10] for time, _ in hours}
    published_days = {key.split("/")[3] for key in objects if "/processed/" in key}
    assert published_days == {f"date={day}" for day in days}
    rows = b"".join(
        objects[f"crypto/bitcoin/processed/date={day}/bitcoin_processed.csv"].split(b"\n", 1)[1]
        for day in sorted(days)
    )
    assert (world.data / "bitcoin_processed.csv").read_bytes().split(b"\n", 1)[1] == rows
    moments = [datetime.fromisoformat(time) for time, _ in hours]
    assert moments[-1] - moments[0] == timedelta(hours=HOURS - 1)
    for moment in moments:
        key = f"{moment:%Y%m%dT%H%M%SZ}"
        for suffix in ("json", "csv"):
            published = objects[f"crypto/bitcoin/raw/date={moment:%Y-%m-%d}/hour={moment:%H}/{key}.{suffix}"]
            assert published == (world.data / "archive" / "bitcoin" / f"{key}.{suffix}").read_bytes()
