"""A trace by the system itself: no call that writes to the pipeline's folder escapes the fault points."""

import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline_lib.steps import all_steps
from tests.crashes.scene import Scene
from tests.steps.world import CRASH

STEPS = [step.__name__ for step in all_steps()]
# Under which of the wrapped functions of os a system call is counted.
NAMES = {
    "pwrite64": "pwrite",
    "linkat": "link",
    "symlinkat": "symlink",
    "renameat": "rename",
    "renameat2": "rename",
    "replace": "rename",
    "unlinkat": "unlink",
    "remove": "unlink",
    "mkdirat": "mkdir",
    "openat": "open",
    "fchmodat": "chmod",
}
TRACED = (
    "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,truncate,fallocate,link,linkat,symlink,"
    "symlinkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,chmod,fchmod,fchmodat,open,openat,"
    "creat,sendfile,copy_file_range,splice"
)


def _strace_works() -> bool:
    strace = shutil.which("strace")
    return (
        bool(strace) and subprocess.run([str(strace), "-o", "/dev/null", "true"], check=False).returncode == 0
    )


@pytest.mark.skipif(not _strace_works(), reason="needs strace and the permission to trace")
def test_the_fault_points_are_all_calls_that_write(scene: Scene, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = [
        "strace",
        "-f",
        "-y",
        "-s",
        "0",
        "-e",
        f"trace={TRACED}",
        "-o",
        str(trace),
        "-p",
        str(scene.pid()),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as strace:
        deadline = time.monotonic() + 30
        while "TracerPid:\t0" in Path(f"/proc/{scene.pid()}/status").read_text(encoding="utf-8"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (ended,) = scene.finish(STEPS, CRASH)
        strace.terminate()
    counted = Counter(NAMES.get(name, name) for name, _ in ended.passed if name not in ("send", "commit"))
    traced = Counter(
        found
        for line in trace.read_text(encoding="utf-8", errors="replace").splitlines()
        if (found := _writing_call(line, scene.data))
    )
    assert traced == counted
    assert counted["write"] > 5


def _writing_call(line: str, data: Path) -> str | None:
    """The call of a line of the trace, if it is about a file of the folder that isn't a lock."""
    match = re.search(r"^\d+ +(\w+)\((.*)", line)
    if match is None:
        return None
    name, rest = match.groups()
    if name in ("open", "openat", "creat") and not re.search(r"O_CREAT|O_TRUNC", rest):
        return None
    places = re.findall(rf'{re.escape(str(data))}[^">,\s]*', rest.rpartition(" = ")[0] or rest)
    # SQLite's own calls don't go through Python, and it alone uses fdatasync.
    is_of_sqlite = name == "fdatasync" or (
        bool(places) and any(file in places[-1] for file in ("/calls.sqlite", "/coin_pipelines.db"))
    )
    if not places or is_of_sqlite or places[-1].endswith(".lock"):
        return None
    return NAMES.get(name, name)
