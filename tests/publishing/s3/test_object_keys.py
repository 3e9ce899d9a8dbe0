from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.publishing.s3.object_keys import (
    processed_day_key,
    processed_table_key,
    raw_log_key,
    raw_snapshot_key,
)

EASTERN = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    "moment",
    [datetime(2018, 2, 5, 4, 3, 9, tzinfo=UTC), datetime(2018, 2, 4, 23, 3, 9, 999_999, tzinfo=EASTERN)],
)
def test_keys_of_a_moment_are_partitioned_in_utc(moment: datetime) -> None:
    assert raw_snapshot_key("crypto/bitcoin", moment, ".json") == (
        "crypto/bitcoin/raw/date=2018-02-05/hour=04/20180205T040309Z.json"
    )
    assert processed_day_key("crypto/bitcoin", "bitcoin", to_moment(moment).date()) == (
        "crypto/bitcoin/processed/date=2018-02-05/bitcoin_processed.csv"
    )


def test_the_whole_files_stand_beside_the_partitions() -> None:
    assert raw_log_key("crypto/usd-coin", "usd-coin") == "crypto/usd-coin/raw/usd-coin_raw.csv"
    assert processed_table_key("crypto/usd-coin", "usd-coin") == (
        "crypto/usd-coin/processed/usd-coin_processed.csv"
    )


def test_a_moment_without_zone_names_no_object() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        raw_snapshot_key("prefix", datetime(2018, 2, 5, 14), ".json")  # noqa: DTZ001 - what is refused
