"""Where a pipeline's objects stand under its S3 prefix: Hive-style, by the run's moment."""

from datetime import date, datetime

from pipeline_lib.common.timestamps import part_key, to_moment


def raw_snapshot_key(prefix: str, moment: datetime, suffix: str, part: int = 1) -> str:
    """``<prefix>/raw/date=2018-02-05/hour=14/20180205T140000Z.json``; never rewritten.

    Args:
        prefix: Of the pipeline.
        moment: The run's.
        suffix: ``.json`` or ``.csv``.
        part: Of the moment's snapshot; from 2 on it stands before the suffix: ``20180205T140000Z.2.json``.
    """
    utc = to_moment(moment)
    return f"{prefix}/raw/date={utc:%Y-%m-%d}/hour={utc:%H}/{part_key(utc, part)}{suffix}"


def raw_partitions_prefix(prefix: str) -> str:
    """``<prefix>/raw/date=``: what the keys of all snapshots begin with."""
    return f"{prefix}/raw/date="


def raw_log_key(prefix: str, name: str) -> str:
    """``<prefix>/raw/bitcoin_raw.csv``: the whole log."""
    return f"{prefix}/raw/{name}_raw.csv"


def processed_day_key(prefix: str, name: str, day: date) -> str:
    """``<prefix>/processed/date=2018-02-05/bitcoin_processed.csv``: one UTC day, replaced whole.

    Args:
        prefix: The spec's.
        name: Of the pipeline.
        day: UTC.
    """
    return f"{prefix}/processed/date={day.isoformat()}/{name}_processed.csv"


def processed_table_key(prefix: str, name: str) -> str:
    """``<prefix>/processed/bitcoin_processed.csv``: the whole table."""
    return f"{prefix}/processed/{name}_processed.csv"
