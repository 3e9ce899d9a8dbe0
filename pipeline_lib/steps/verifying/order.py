"""Proves the order of arrival by its chain."""

from collections.abc import Iterator

from pipeline_lib.database.replays import ReplayedPart, in_order
from pipeline_lib.model.difference import Difference
from pipeline_lib.steps.verifying.recorded import Recorded

REPLAY = "coin-pipelines replay"


def check_order(recorded: Recorded) -> Iterator[Difference]:
    """Where numbers, chain and manifests' days of the recorded arrivals don't follow from each other."""
    wanted = in_order(ReplayedPart(each.archived, ()) for each in recorded.arrivals)
    for found, computed in zip(recorded.arrivals, wanted, strict=True):
        if found != computed:
            place = f"{recorded.database}: arrival {found.number}"
            yield Difference(place, "its number, chain or day doesn't follow from those before it", REPLAY)
            return
    last = recorded.arrivals[-1] if recorded.arrivals else None
    if recorded.head != last:
        yield Difference(recorded.database, "the pipeline's row isn't that of the newest arrival", REPLAY)
