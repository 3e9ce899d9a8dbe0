"""CPU time of other processes and of their children, as Linux' ``/proc`` has it."""

import os
from collections.abc import Iterator
from pathlib import Path


def parent_of(pid: int) -> int:
    """The process that a process was started by."""
    return int(_stat_of(pid)[1])


def children_of(pid: int) -> list[int]:
    """The processes that a process, whichever of its threads, has started and that run."""
    try:
        threads = [*Path(f"/proc/{pid}/task").iterdir()]
        lists = [(thread / "children").read_text(encoding="utf-8") for thread in threads]
    except (FileNotFoundError, ProcessLookupError):
        # It ended meanwhile.
        return []
    return [int(child) for children in lists for child in children.split()]


def tree_of(pid: int) -> Iterator[int]:
    """A process and all that run below it."""
    yield pid
    for child in children_of(pid):
        yield from tree_of(child)


def command_of(pid: int) -> str:
    """What a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")


def cpu_seconds_of(pid: int) -> float:
    """CPU time of a process and of its children that have ended; 0 when it has ended itself."""
    try:
        return sum(map(int, _stat_of(pid)[11:15])) / os.sysconf("SC_CLK_TCK")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _stat_of(pid: int) -> list[str]:
    """The fields after a process's name in ``/proc/<pid>/stat``, its state first."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
