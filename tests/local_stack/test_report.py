from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from local_stack.report import RunNotRecordedError, pipeline_lines
from local_stack.simulated_world import SimulatedWorld
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generated_market import GeneratedMarket
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog, PipelineSpec

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROJECT = Path(__file__).resolve().parents[2]
MOMENT = datetime(2026, 3, 5, 14, tzinfo=UTC)
BITCOIN = Catalog(PROJECT / "dag_configs").load("bitcoin")
COLUMNS = "change_1h_percent,change_24h_percent,mean_24h,std_24h,count_24h,z_score_24h"


@pytest.fixture
def world(s3_client: "S3Client") -> Iterator[SimulatedWorld]:
    with Simulator(GeneratedMarket(0), SimulatedClock(lambda: MOMENT)) as simulator:
        yield SimulatedWorld(simulator, s3_client, {})


def _on_disk(spec: PipelineSpec) -> PipelineSpec:
    return replace(spec, s3=None)


def _say(world: SimulatedWorld, pipeline: str, text: str) -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"pipeline {pipeline} · run"}]},
    ]
    requests.post(world.simulator.slack_webhook_url, json={"blocks": blocks}, timeout=5).raise_for_status()


def test_one_coin_is_shown_with_its_statistics_message_and_files(
    world: SimulatedWorld, tmp_path: Path
) -> None:
    (tmp_path / "bitcoin_processed.csv").write_text(
        f"timestamp,price,{COLUMNS}\n"
        "2026-03-05T13:00:00Z,47000.5,1,2,46000,,1,\n"
        "2026-03-05T14:00:00Z,41000.5,-12.766,-10.2,45000,2000.5,24,-2.004\n"
    )
    for name, content in (("20260305T130000Z.csv", "old"), ("20260305T140000Z.csv", "new")):
        (tmp_path / "archive" / "bitcoin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "archive" / "bitcoin" / name).write_text(content)
    (tmp_path / "ethereum_raw.csv").write_text("of another pipeline")
    _say(world, "bitcoin", "bitcoin fell")
    _say(world, "ethereum", "ether fell as well")
    assert list(pipeline_lines(_on_disk(BITCOIN), MOMENT, tmp_path, world)) == [
        "bitcoin_data_pipeline, simulated market",
        "  time        2026-03-05T14:00:00Z",
        "  price       41,000.50 USD",
        "  moves       1h -12.77 %, 24h -10.20 %",
        "  last 24h    mean 45,000.00, deviation 2,000.50, 24 prices, z-score -2.00",
        "  Slack       bitcoin fell",
        "              pipeline bitcoin · run",
        "  files                 3 B  archive/bitcoin/20260305T140000Z.csv",
        "                      201 B  bitcoin_processed.csv",
        "                        3 B  in 1 of the hours before",
    ]


def test_of_several_coins_the_largest_moves_are_shown(world: SimulatedWorld, tmp_path: Path) -> None:
    (tmp_path / "bitcoin_processed").mkdir()
    moves = {"a": "-1", "b": "2.5", "c": "-9.25", "d": "", "e": "0.5", "f": "0.25"}
    rows = "".join(f"2026-03-05T14:00:00Z,{coin},0.0123,{move},,,,,\n" for coin, move in moves.items())
    (tmp_path / "bitcoin_processed" / "2026-03.csv").write_text(f"timestamp,coin,price,{COLUMNS}\n{rows}")
    lines = list(pipeline_lines(_on_disk(BITCOIN), MOMENT, tmp_path, world))
    assert lines[2:9] == [
        "  coins       6: 2 fell and 3 rose in 1h",
        "  moves       c 0.0123 USD, 1h -9.25 %, 24h unknown",
        "              b 0.0123 USD, 1h +2.50 %, 24h unknown",
        "              a 0.0123 USD, 1h -1.00 %, 24h unknown",
        "              e 0.0123 USD, 1h +0.50 %, 24h unknown",
        "              f 0.0123 USD, 1h +0.25 %, 24h unknown",
        "  Slack       no message",
    ]


def test_a_run_without_a_row_is_told(world: SimulatedWorld, tmp_path: Path) -> None:
    (tmp_path / "bitcoin_processed.csv").write_text("timestamp,price\n2026-03-05T13:00:00Z,1\n")
    with pytest.raises(RunNotRecordedError, match="bitcoin has no row of 2026-03-05T14:00:00Z"):
        list(pipeline_lines(_on_disk(BITCOIN), MOMENT, tmp_path, world))
