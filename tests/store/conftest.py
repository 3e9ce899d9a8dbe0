from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pipeline_lib.observation import Observation, Provenance
from pipeline_lib.retrying import RetryPolicy
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.s3 import Bucket, S3Account
from pipeline_lib.store.snapshots import Snapshot
from pipeline_lib.timestamps import to_moment

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture
def observation() -> Observation:
    return Observation(
        coin="bitcoin",
        vs_currency="usd",
        moment=MOMENT,
        price=Decimal("6955.270"),
        change_1h_percent=Decimal("-8.16"),
        change_24h_percent=None,
        market_cap=Decimal(117240543210),
        total_volume=None,
        last_updated=datetime(2018, 2, 5, 13, 59, 47, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def decimals() -> SearchStrategy[Decimal]:
    """Numbers with many digits, far before and behind the point."""
    return st.builds(
        lambda digits, exponent: Decimal(f"{digits}E{exponent}"),
        st.integers(-(10**40), 10**40),
        st.integers(-60, 25),
    )


@pytest.fixture(scope="session")
def observations(decimals: SearchStrategy[Decimal]) -> SearchStrategy[Observation]:
    """Any observation that a market could give, and many that it couldn't."""
    first, last = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone
    moments = st.datetimes(first, last, timezones=st.just(UTC)).map(to_moment)
    return st.builds(
        Observation,
        coin=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True),
        vs_currency=st.from_regex(r"[a-z]{2,10}", fullmatch=True),
        moment=moments,
        price=decimals.map(abs).filter(bool),
        change_1h_percent=st.none() | decimals,
        change_24h_percent=st.none() | decimals,
        market_cap=st.none() | decimals,
        total_volume=st.none() | decimals,
        last_updated=moments,
    )


@pytest.fixture
def snapshot(observation: Observation) -> Snapshot:
    return Snapshot(
        observation,
        Provenance(
            url="https://example.invalid/api/v3/coins/markets?vs_currency=usd&ids=bitcoin",
            requested_at=datetime(2018, 2, 5, 14, 0, 3, tzinfo=UTC),
            status=200,
            answer='{"id": "bitcoin", "current_price":6955.270,\t"name": "\\u0042itcoin ₿"}',
        ),
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.below(tmp_path, "bitcoin")


@pytest.fixture
def account(aws_environment: None, s3_url: str) -> S3Account:  # noqa: ARG001 - sets the scene
    return S3Account(boto3.Session(), s3_url)


@pytest.fixture
def bucket(account: S3Account, s3_bucket: str) -> Bucket:
    opened = account.open_bucket(s3_bucket, None)
    assert opened is not None
    return Bucket(opened.client, opened.name, RetryPolicy(first_wait=0))
