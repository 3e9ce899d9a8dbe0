"""Durable files under several processes, and under a limit that the system itself enforces."""

import subprocess
import sys
from pathlib import Path

FILES = 100

RACER = """
import sys
from pathlib import Path
from pipeline_lib.common.durable_files import write_once
folder, mark, files = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
won = [str(number) for number in range(files) if write_once(folder / str(number), mark.encode() * 50_000)]
print(" ".join(won))
"""

LIMITED = """
import resource, sys
from pathlib import Path
from pipeline_lib.common.durable_files import replace
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
replace(Path(sys.argv[1]), b"n" * 2000)
"""


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_each_file_has_one_winner_among_racing_processes(tmp_path: Path) -> None:
    racers = {mark: _start(RACER, str(tmp_path), mark, str(FILES)) for mark in "abc"}
    for racer in racers.values():
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    winners: list[tuple[str, str]] = []
    for mark, racer in racers.items():
        output, errors = racer.communicate(timeout=60)
        assert (racer.returncode, errors) == (0, "")
        winners += [(name, mark) for name in output.split()]
    assert sorted(int(name) for name, _ in winners) == list(range(FILES))
    for name, mark in winners:
        assert (tmp_path / name).read_bytes() == mark.encode() * 50_000
    assert len(list(tmp_path.iterdir())) == FILES


def test_a_replacement_that_the_system_cuts_short_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    process = _start(LIMITED, str(path))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "OSError: [Errno 27] File too large" in errors
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
