"""How long a replay of ten years of hours takes, beside only opening and reading the same snapshots.

A replay reads each snapshot and proves its hash, makes the raw log, and rolls it into the processed table.
All in this one process, on the same files, in turn. Run with
``.venv/bin/python -m benchmarks.replay_ten_years``.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.history import TEN_YEARS, WINDOWS, write_history
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.replay import replay
from pipeline_lib.steps.statistics_files import rebuild_processed_table

_ROUNDS = 3


def main() -> None:
    """Print what each takes and the ratios."""
    with tempfile.TemporaryDirectory() as name:
        layout = Layout.below(Path(name), "bitcoin")
        write_history(layout, TEN_YEARS)
        paths = sorted(layout.archive.glob("*.json"))
        rounds = [
            (
                _measure(lambda: _read_all(paths)),
                _measure(lambda: _replay(layout)),
                _measure(lambda: _rebuild_table(layout)),
            )
            for _ in range(_ROUNDS)
        ]
    reading, replaying, rolling = (min(times) for times in zip(*rounds, strict=True))
    print(f"snapshots                   {TEN_YEARS}")
    print(f"opening and reading them    {reading:.2f} s CPU")
    print(f"replay                      {replaying:.2f} s CPU, ratio {replaying / reading:.2f}")
    print(f"  of it log to table        {rolling:.2f} s CPU")
    archive = replaying - rolling
    print(f"  archive to log            {archive:.2f} s CPU, ratio {archive / reading:.2f}")


def _read_all(paths: list[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            file.read()


def _replay(layout: Layout) -> None:
    layout.raw_log.unlink()
    layout.processed_table.unlink()
    replayed = replay(layout, WINDOWS, lambda _done, _all: None, drop_unarchived=False)
    assert replayed.log_changed
    assert replayed.rows == TEN_YEARS


def _rebuild_table(layout: Layout) -> None:
    layout.processed_table.unlink()
    rebuild_processed_table(layout, WINDOWS)


def _measure(function: Callable[[], None]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


if __name__ == "__main__":
    main()
