"""Runs of the past through Airflow's own runner: backfilled, late and cleared ones, and gaps."""

import json
import runpy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.models import DagRun
from airflow.utils.types import DagRunType

from pipeline_lib.simulator.faults import Fault
from pipeline_lib.simulator.generator import GeneratedSeries
from tests.system.world import PROJECT, World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

DAG_ID = "bitcoin_data_pipeline"
FETCH = "fetch_and_save_bitcoin_price"
CHART = "/coins/bitcoin/market_chart/range"
HOUR = timedelta(hours=1)


@pytest.fixture
def moment() -> datetime:
    """Three days ago: the simulated market runs with the real clock."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
