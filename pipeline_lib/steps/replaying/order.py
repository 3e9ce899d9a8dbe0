"""In which order the snapshots of an archive came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.archive.parts import PartKey
from pipeline_lib.database.replays import ReplayedPart


@dataclass(frozen=True, slots=True)
class ArrivalOrder:
    """All snapshots in the order in which they came, and how that is known.

    Attributes:
        keys: The snapshots.
        by_manifests: How many the manifests list; these come first.
        by_database: How many of the others the database had recorded; these come next.
        by_raw_log: How many of the others have a row in the raw log; these come next.
        by_request: How many are left, ordered by when they were asked for.
    """

    keys: tuple[PartKey, ...]
    by_manifests: int
    by_database: int
    by_raw_log: int
    by_request: int


def order_of_arrival(
    manifests: Iterable[PartKey],
    database: Iterable[PartKey],
    raw_log: Iterable[tuple[datetime, str]],
    others: Mapping[PartKey, ReplayedPart],
) -> ArrivalOrder:
    """Put snapshots in the order in which they came.

    Args:
        manifests: What the manifests list, in their order.
        database: What the database has recorded, in its order.
        raw_log: Moment and coin of the raw log's rows, in their order.
        others: What neither of the first two lists.
    """
    keys: dict[PartKey, None] = dict.fromkeys(manifests)
    counts = [len(keys)]
    for found in (database, _of_rows(raw_log, others), _by_request(others)):
        keys.update(dict.fromkeys(found))
        counts.append(len(keys) - sum(counts))
    return ArrivalOrder(tuple(keys), *counts)


def _of_rows(
    raw_log: Iterable[tuple[datetime, str]], others: Mapping[PartKey, ReplayedPart]
) -> Iterable[PartKey]:
    holders: dict[tuple[datetime, str], PartKey] = {}
    for key, part in sorted(others.items(), key=lambda item: item[0], reverse=True):
        # The row is that of the lowest part, which comes last here.
        holders.update(dict.fromkeys(((key.moment, each.coin) for each in part.observations), key))
    return (holders[row] for row in raw_log if row in holders)


def _by_request(others: Mapping[PartKey, ReplayedPart]) -> Sequence[PartKey]:
    return sorted(others, key=lambda key: (others[key].archived.requested_at, key))
