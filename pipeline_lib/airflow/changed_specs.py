"""Which specs have changed: what the dag processor tells the parse that it asks for, by its environment.

Airflow tells a task's parse in the same way which DAG it wants. Parses are forks of the dag processor.
"""

from collections.abc import Collection, Mapping, MutableMapping

_VARIABLE = "COIN_PIPELINES_CHANGED"
# A parse that was asked for begins within a second; any other, such as that of a callback, is complete.
_SECONDS_TO_BEGIN = 3.0


def announce(names: Collection[str], environment: MutableMapping[str, str], now: float) -> None:
    """Have the next parse build these pipelines alone.

    Args:
        names: The pipelines whose specs have changed.
        environment: ``os.environ``.
        now: Seconds by the monotonic clock, which all processes of a machine share.
    """
    environment[_VARIABLE] = " ".join([f"{now + _SECONDS_TO_BEGIN:.3f}", *sorted(names)])


def announced(environment: Mapping[str, str], now: float) -> frozenset[str] | None:
    """The pipelines that this parse is to build, or None for all.

    Args:
        environment: ``os.environ``.
        now: Seconds by the monotonic clock.
    """
    until, *names = environment.get(_VARIABLE, "0").split()
    return frozenset(names) if now < float(until) else None
