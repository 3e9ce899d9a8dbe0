"""How long a task takes to get its DAG beside 10,000 specs, beside 1,000, and alone.

A task's attempt is a fork that executes the DAG file with Airflow's own importer and takes its DAG from it.
This does the same, from a parent that has imported what the stack's parents have
(``airflow_local_settings.py``). The sizes take turns; each figure is the median of many forks.

Run from the project's folder with ``.venv/bin/python -m benchmarks.task_start``.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag

from deploy.docker.config import airflow_local_settings  # noqa: F401 (imports what tasks need)

_PROJECT = Path(__file__).resolve().parents[1]
_SIZES = (1, 1_000, 10_000)
_ROUNDS = 200
_SPEC = 'spec_version: 1\ncoin: {coin}\nschedule: "@hourly"\ns3: {{prefix: crypto/{coin}}}\n'


def main() -> None:
    """Print each size's median and its ratio to that of a single spec."""
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "coin-00000_data_pipeline"
    with tempfile.TemporaryDirectory() as name:
        folders = {size: _lay_out(Path(name, str(size)), size) for size in _SIZES}
        seconds: dict[int, list[float]] = {size: [] for size in _SIZES}
        for _ in range(_ROUNDS):
            for size, folder in folders.items():
                seconds[size].append(_in_a_fork(folder))
    alone = statistics.median(seconds[1])
    for size, of_size in seconds.items():
        median = statistics.median(of_size)
        print(f"{size:>6} specs: {1000 * median:.2f} ms CPU, {median / alone:.3f} of that with 1")


def _lay_out(folder: Path, size: int) -> Path:
    folder.mkdir()
    for number in range(size):
        coin = f"coin-{number:05}"
        (folder / f"{coin}.yaml").write_text(_SPEC.format(coin=coin), encoding="utf-8")
    return folder


def _in_a_fork(configs: Path) -> float:
    """The CPU seconds of one parse in a process of its own."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what Airflow logs
        os.environ["DAG_CONFIGS_DIR"] = str(configs)
        began = time.process_time()
        dags = _PROJECT / "dags"
        bag = BundleDagBag(
            dag_folder=dags / "coin_pipelines.py",
            bundle_path=dags,
            bundle_name="dags-folder",
            load_op_links=False,
        )
        seconds = time.process_time() - began
        os.write(write, f"{seconds if len(bag.dags) == 1 else -1}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    found = float(os.read(read, 100))
    os.close(read)
    os.close(write)
    if found < 0:
        raise SystemExit("the task's DAG wasn't found")
    return found


if __name__ == "__main__":
    main()
