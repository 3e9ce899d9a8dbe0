"""What one appended hour costs after ten years, beside after four days, and beside pandas.

An hour is its snapshot, manifest, log row and table row, each made to last on disk; the other side reads
the whole log with pandas, rolls it and rewrites the table. Each is a process of its own, measured in CPU
time from Python's start to its end. Neither asks a market, reads a spec or starts Airflow, which cost both
the same. Run from the project's folder with ``.venv/bin/python -m benchmarks.appended_hour``.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.history import TEN_YEARS, write_history
from pipeline_lib.specs.layout import Layout

_FEW_ROWS = 100
_ROUNDS = 15
_PANDAS_ROUNDS = 5

_APPEND = """
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from pipeline_lib.model.observation import Provenance, Snapshot
from pipeline_lib.steps.statistics_files import update_processed_table
from pipeline_lib.store.log import raw_log
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import record
from pipeline_lib.archive.parts import add_snapshots
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.timestamps import parse_moment

folder, last = Path(sys.argv[1]), parse_moment(sys.argv[2])
layout = Layout.below(folder, "bitcoin")
moment = last + timedelta(hours=1)
row = replace(raw_log.read_since(layout.raw_log, last)[-1], moment=moment, last_updated=moment)
provenance = Provenance("https://example.invalid/", moment, 200, '{"id": "bitcoin"}')
add_snapshots(FolderArchive(layout.archive), "bitcoin", [Snapshot(row, provenance)])
assert record(layout, row)
spans = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
windows = [SimpleNamespace(label=label, span=span) for label, span in spans.items()]
assert update_processed_table(layout, windows).last == moment
"""

_PANDAS = """
import sys
import numpy as np, pandas as pd
folder = sys.argv[1]
frame = pd.read_csv(f"{folder}/bitcoin_raw.csv", parse_dates=["timestamp"]).set_index("timestamp")
price = frame["price"]
frame["log_return"] = np.log(price / price.shift())
for window in ("24h", "7D"):
    rolling, before = price.rolling(window), price.rolling(window, closed="left")
    frame[f"mean_{window}"], frame[f"std_{window}"] = rolling.mean(), rolling.std()
    frame[f"count_{window}"] = rolling.count()
    frame[f"z_score_{window}"] = (price - before.mean()) / before.std()
frame.to_csv(f"{folder}/pandas.csv")
"""

_NOTHING = "pass"


def main() -> None:
    """Print the CPU time of each side and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        few, many = (Path(name) / str(rows) for rows in (_FEW_ROWS, TEN_YEARS))
        for folder, rows in ((few, _FEW_ROWS), (many, TEN_YEARS)):
            write_history(Layout.below(folder, "bitcoin"), rows)
        # In turn, so that whatever else the machine does meets both.
        pairs = [(_append(few), _append(many)) for _ in range(_ROUNDS)]
        after_few, after_many = (min(pair[side] for pair in pairs) for side in (0, 1))
        pandas = min(_cpu(_PANDAS, str(many)) for _ in range(_PANDAS_ROUNDS))
    start = min(_cpu(_NOTHING) for _ in range(_ROUNDS))
    print(f"Python's start alone                {start * 1000:7.1f} ms CPU")
    print(f"one hour more at {_FEW_ROWS:>6} rows        {after_few * 1000:7.1f} ms CPU")
    print(f"one hour more at {TEN_YEARS:>6} rows        {after_many * 1000:7.1f} ms CPU")
    print(f"  ratio                             {after_many / after_few:7.2f}")
    print(f"  ratio without Python's start      {(after_many - start) / (after_few - start):7.2f}")
    print(f"pandas at {TEN_YEARS} rows, all anew     {pandas * 1000:7.1f} ms CPU")
    print(f"  ratio                             1/{pandas / after_many:.1f}")


def _append(folder: Path) -> float:
    with (folder / "bitcoin_processed.csv").open("rb") as table:
        table.seek(-400, os.SEEK_END)
        last = table.read().splitlines()[-1].partition(b",")[0].decode()
    return _cpu(_APPEND, str(folder), last)


def _cpu(program: str, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 (this interpreter, with this file's own programs)
        [sys.executable, "-c", program, *arguments],
        # The package is this checkout's, whatever else is installed; one thread, as a task's share is.
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "OPENBLAS_NUM_THREADS": "1"},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
