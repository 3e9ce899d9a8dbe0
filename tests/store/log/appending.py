"""Rows for tests of the raw log."""

from pathlib import Path

from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import opened


def append(path: Path, observation: Observation) -> bool:
    """Add the row of ``observation`` as a step does; whether its moment had none yet."""
    with opened(path) as log:
        if log.holds(observation.moment):
            return False
        log.append(observation)
        return True
