"""How long a thousand specs take to validate, beside only reading their YAML, and beside check-jsonschema.

Each side is a process of its own, from Python's start to its end, on the same files. The other side of the
first ratio imports the same modules and reads the same files with PyYAML's C loader, checking nothing. Run
from the project's folder with ``.venv/bin/python benchmarks/validate_thousand_specs.py``.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline_lib.specs.checks.schema import schema_path

_SPECS = 1000
_ROUNDS = 7
_VALIDATE = ["-m", "pipeline_lib.cli", "validate"]
_READ_YAML_ALONE = """
from pathlib import Path
import yaml
import pipeline_lib.cli.main, pipeline_lib.cli.specs.validate
for path in sorted(Path("dag_configs").glob("*.yaml")):
    yaml.load(path.read_bytes().decode("utf-8-sig"), Loader=yaml.CSafeLoader)
"""
_LOAD_AND_TRACE = """
import tracemalloc
from pathlib import Path
from pipeline_lib.specs import Catalog
catalog = Catalog(Path("dag_configs"))
catalog.load("coin-0000")  # whatever is imported once is not part of it
tracemalloc.start()
loaded = catalog.load_all()
assert not loaded.errors
print(tracemalloc.get_traced_memory()[1])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took, in seconds."""

    cpu: float
    wall: float


def main() -> None:
    """Print what each side takes, and the memory that one spec more takes."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        _write_specs(project)
        ours = _best(_VALIDATE, project)
        yaml_alone = _best(["-c", _READ_YAML_ALONE], project)
        peak_kib = int(_run(["-c", _LOAD_AND_TRACE], project)) / 1024
        print(f"specs                       {_SPECS}")
        _show("coin-pipelines validate", ours)
        _show("the same YAML alone", yaml_alone)
        _show_ratio("ratio", ours, yaml_alone)
        print(f"memory of one spec more     {peak_kib / _SPECS:.1f} KiB")
        _show_check_jsonschema(project, ours)


def _write_specs(project: Path) -> None:
    folder = project / "dag_configs"
    folder.mkdir()
    example = Path("dag_configs/bitcoin.yaml").read_text(encoding="utf-8")
    for number in range(_SPECS):
        coin = f"coin-{number:04}"
        # Half of the specs take a cron expression, which is checked in another way than a preset.
        schedule = "@hourly" if number % 2 else f"{number % 60} {number // 60}-23 * * *"
        text = example.replace("@hourly", schedule).replace("crypto/bitcoin", f"crypto/{coin}")
        text = re.sub(r"^coin: \w+", f"coin: {coin}", text, flags=re.MULTILINE)
        (folder / f"{coin}.yaml").write_text(text, encoding="utf-8")


def _best(arguments: list[str], folder: Path) -> Cost:
    costs = [_measure(arguments, folder) for _ in range(_ROUNDS)]
    return Cost(min(cost.cpu for cost in costs), min(cost.wall for cost in costs))


def _measure(arguments: list[str], folder: Path) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    _run(arguments, folder)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


def _run(arguments: list[str], folder: Path) -> str:
    finished = subprocess.run(  # noqa: S603 (this interpreter, with this file's own arguments)
        [sys.executable, *arguments],
        cwd=folder,
        # The package is this checkout's, whatever else is installed.
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return finished.stdout


def _show(name: str, cost: Cost) -> None:
    print(f"{name:<27} {cost.cpu:.3f} s CPU  {cost.wall:.3f} s wall")


def _show_ratio(name: str, ours: Cost, theirs: Cost) -> None:
    print(f"{name:<27} {ours.cpu / theirs.cpu:.3f} CPU    {ours.wall / theirs.wall:.3f} wall")


def _show_check_jsonschema(folder: Path, ours: Cost) -> None:
    if find_spec("check_jsonschema") is None:
        print("check-jsonschema            isn't installed")
        return
    files = [str(path) for path in sorted((folder / "dag_configs").iterdir())]
    command = ["-m", "check_jsonschema", "--schemafile", str(schema_path()), *files]
    theirs = _best(command, folder)
    _show("check-jsonschema", theirs)
    _show_ratio("ratio to check-jsonschema", ours, theirs)


if __name__ == "__main__":
    main()
