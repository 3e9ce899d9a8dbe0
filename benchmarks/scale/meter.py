"""CPU time of a stack, by the kind of its processes.

A kind is one process of Airflow and all below it, or PostgreSQL's server. Counted are the processes that run
and, with their parents, those that have ended: all tasks, and all parses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import processes

_KINDS = {
    "scheduler": "scheduler and tasks",
    "dag-processor": "dag processor",
    "api-server": "api-server",
    "triggerer": "triggerer",
}


@dataclass(frozen=True)
class Meter:
    """Reads the CPU time of a stack.

    Attributes:
        airflow: The process whose children are Airflow's components.
        database: The first process of PostgreSQL's server.
    """

    airflow: int
    database: int

    def read(self) -> Mapping[str, float]:
        """Seconds so far, by kind."""
        return dict(self._of_all())

    def _of_all(self) -> Iterator[tuple[str, float]]:
        for component in processes.children_of(self.airflow):
            # The api-server calls itself api_server once it runs.
            command = processes.command_of(component).replace("_", "-")
            kind = next((kind for part, kind in _KINDS.items() if part in command), "the rest")
            yield kind, _cpu_seconds_below(component)
        yield "PostgreSQL", _cpu_seconds_below(self.database)


def _cpu_seconds_below(pid: int) -> float:
    return sum(map(processes.cpu_seconds_of, processes.tree_of(pid)))


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was spent between two readings, by kind."""
    return {kind: seconds - before.get(kind, 0.0) for kind, seconds in after.items()}
