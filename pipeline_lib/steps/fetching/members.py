"""Which coins belong to a pipeline at a moment."""

from collections.abc import Sequence
from datetime import datetime

from pipeline_lib.archive.part import Part
from pipeline_lib.archive.parts import read_parts
from pipeline_lib.archive.store import Archive
from pipeline_lib.database import arrivals
from pipeline_lib.specs import PipelineSpec, TopCoins
from pipeline_lib.steps.run import Services


def members_of(spec: PipelineSpec, parts: Sequence[Part]) -> frozenset[str] | None:
    """The coins of a moment by its archived parts; None where only the market can tell.

    The first part of a moment says for ever which coins of the greatest market caps there were.

    Args:
        spec: The pipeline.
        parts: Of the moment, lowest first.
    """
    if not isinstance(spec.coins, TopCoins):
        return frozenset(spec.coins.named)
    return frozenset({*parts[0].coins, *parts[0].missing}) if parts else None


def members_of_nearest(
    spec: PipelineSpec, services: Services, archive: Archive, moment: datetime
) -> frozenset[str] | None:
    """The coins of the recorded moment nearest to a moment; None where nothing is recorded.

    Args:
        spec: The pipeline.
        services: The access to the world.
        archive: The pipeline's.
        moment: Of a run (UTC).

    Raises:
        SnapshotDamagedError: A file of the nearest moment isn't the part that it should be.
        DatabaseError: The database can't be used.
        OSError: The archive can't be read.
    """
    with services.database.reading() as connection:
        nearest = arrivals.find_nearest_moment(connection, spec.name, moment)
    return None if nearest is None else members_of(spec, read_parts(archive, nearest))
