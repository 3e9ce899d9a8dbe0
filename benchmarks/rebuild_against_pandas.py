"""How the processed table's rebuild compares with pandas on the same ten years of hours.

Both sides read the raw log, roll it and write the table. pandas does so twice: with all our columns, and with
nothing but means and deviations. The numbers to read are the ratios; all run in this one process, on the same
file. Run with ``.venv/bin/python -m benchmarks.rebuild_against_pandas``.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np  # noqa: TID253 (the other side of the comparison)
import pandas as pd  # noqa: TID253 (same)

from benchmarks.history import TEN_YEARS, WINDOWS, observations
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.statistics_files import rebuild_processed_table
from pipeline_lib.store.log.raw_rows import HEADER, encode_row

_ROUNDS = 5


def main() -> None:
    """Print the CPU time of each side and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout.below(Path(folder), "bitcoin")
        log, table = layout.raw_log, layout.processed_table
        rows = (encode_row(row) for row in observations(TEN_YEARS))
        log.write_text(HEADER + "".join(rows), encoding="utf-8")
        rounds = [
            [_measure(rebuild, log, table) for rebuild in (_rebuild, _rebuild_with_pandas, _roll_with_pandas)]
            for _ in range(_ROUNDS)
        ]
    ours, same_columns, fewer_columns = (min(times) for times in zip(*rounds, strict=True))
    print(f"rows                                  {TEN_YEARS}")
    print(f"coin-pipelines                        {ours:.2f} s CPU")
    print(f"pandas, the same columns              {same_columns:.2f} s CPU, ratio {ours / same_columns:.2f}")
    print(
        f"pandas, means and deviations alone    {fewer_columns:.2f} s CPU, ratio {ours / fewer_columns:.2f}"
    )


def _rebuild(log: Path, table: Path) -> None:
    table.unlink(missing_ok=True)
    rebuild_processed_table(Layout.below(log.parent, "bitcoin"), WINDOWS)


def _rebuild_with_pandas(log: Path, table: Path) -> None:
    frame = pd.read_csv(log, parse_dates=["timestamp"]).set_index("timestamp")
    price = frame["price"]
    frame["log_return"] = np.log(price / price.shift())
    for window in WINDOWS:
        rolling, before = price.rolling(window.span), price.rolling(window.span, closed="left")
        frame[f"mean_{window.label}"] = rolling.mean()
        frame[f"std_{window.label}"] = rolling.std()
        frame[f"count_{window.label}"] = rolling.count()
        frame[f"z_score_{window.label}"] = (price - before.mean()) / before.std()
    frame.to_csv(table)


def _roll_with_pandas(log: Path, table: Path) -> None:
    frame = pd.read_csv(log, parse_dates=["timestamp"]).set_index("timestamp")
    for window in WINDOWS:
        rolling = frame["price"].rolling(window.span)
        frame[f"mean_{window.label}"] = rolling.mean()
        frame[f"std_{window.label}"] = rolling.std()
    frame.to_csv(table)


def _measure(rebuild: Callable[[Path, Path], None], log: Path, table: Path) -> float:
    started = time.process_time()
    rebuild(log, table)
    return time.process_time() - started


if __name__ == "__main__":
    main()
