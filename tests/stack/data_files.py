"""What must hold of the files in ``data/`` whatever happened: every run once, nowhere half."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline_lib.common.timestamps import format_key, format_moment

_SNAPSHOT = re.compile(r"archive/bitcoin/(?P<key>\d{8}T\d{6}Z)\.json")


def snapshot_keys(files: Mapping[str, bytes]) -> list[str]:
    """Keys of all archived snapshots."""
    return sorted(found["key"] for name in files if (found := _SNAPSHOT.fullmatch(name)))


def first_cells(content: bytes) -> list[str]:
    """The moments of a table, in its order; the last line has to be whole."""
    text = content.decode()
    assert text.endswith("\n")
    return [line.partition(",")[0] for line in text.splitlines()[1:]]


def assert_every_run_once(
    files: Mapping[str, bytes], moments: Sequence[datetime], on_another_disk: Sequence[datetime] = ()
) -> None:
    """Snapshots = rows of the raw log = rows of the processed table = the runs.

    Runs whose snapshots lie on another disk have rows alone, which come from the database.
    """
    assert snapshot_keys(files) == [format_key(moment) for moment in sorted(moments)]
    expected = sorted([*on_another_disk, *moments])
    # The log stands in the order of arrival.
    assert sorted(first_cells(files["bitcoin_raw.csv"])) == [format_moment(moment) for moment in expected]
    assert first_cells(files["bitcoin_processed.csv"]) == [format_moment(moment) for moment in expected]
