"""The processed table on S3: a partition a day, and the whole."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeline_lib.common.spans import EVER, day_of
from pipeline_lib.database import arrivals, publications
from pipeline_lib.database.publications import Folder, Progress, PublishedObject, Target
from pipeline_lib.database.statistics import computed, states
from pipeline_lib.database.statistics.states import StatisticsState
from pipeline_lib.errors import StatisticsMissingError
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.publishing.s3.object_keys import processed_day_key
from pipeline_lib.publishing.s3.replacements import Confirmed, Contents, Known, replace_objects
from pipeline_lib.publishing.s3.source import Source, encode_processed
from pipeline_lib.specs import TopCoins

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class ProcessedReport:
    """What a publication of the processed table did.

    Attributes:
        days: Days whose rows had changed, and whose partitions S3 now has.
        left: How many changed days wait for a later publication.
        table_changed: Whether the whole table was written.
    """

    days: tuple[date, ...]
    left: int
    table_changed: bool


NOTHING_NEW = ProcessedReport((), 0, table_changed=False)


def publish_processed_table(
    source: Source, destination: Destination, *, day: date | None = None, at_most: int
) -> ProcessedReport:
    """Put on S3 the partitions of all days that have changed, and the whole table when it has.

    Which days have changed follows from the arrivals that changed their rows, so an ordinary run looks at
    one day or two. A day whose bytes are what S3 is known to have is not sent.

    Args:
        source: The pipeline.
        destination: The pipeline's objects.
        day: A UTC day that must have statistics; it is published first.
        at_most: How many changed days to publish; the others are left to a later publication.

    Raises:
        StatisticsMissingError: There are none of ``day``.
        S3UnavailableError: No usable answer from S3. What was published before that is noted.
        S3RefusedError: S3 refused the request.
        DatabaseError: The database can't be used.
    """
    plan = _plan(source, destination, day)
    if plan is None:
        return NOTHING_NEW
    pending = sorted(plan.pending, key=lambda changed: (changed != day, changed))
    now = pending[:at_most]
    keys = {processed_day_key(destination.prefix, destination.name, each): each for each in now}

    def read_days(wanted: Collection[str]) -> Mapping[str, bytes]:
        with source.reading() as connection:
            days = {
                key: encode_processed(connection, source, plan.series_ids, day_of(keys[key]))
                for key in wanted
            }
        return {key: content for key, content in days.items() if content}

    _replace(source, destination, plan, keys, read_days)
    left = len(pending) - len(now)
    if not left:
        with source.writing() as connection:
            progress = Progress(plan.arrival, plan.basis)
            publications.advance(connection, plan.target, Folder.PROCESSED, progress, source.now())
    return ProcessedReport(tuple(now), left, _publish_whole(source, destination, plan))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be published.

    Attributes:
        target: The destination.
        series_ids: The series whose statistics they are.
        arrival: How far these are computed; what is published now holds at least as much.
        basis: Of a publication up to there.
        pending: Days that S3 may not have as they are.
        known: What is known of the days' objects and of the whole table, by key.
    """

    target: Target
    series_ids: Sequence[int]
    arrival: int
    basis: str
    pending: Sequence[date]
    known: Mapping[str, PublishedObject]


def _plan(source: Source, destination: Destination, day: date | None) -> _Plan | None:
    with source.reading() as connection:
        keys_of_series = source.find_series(connection)
        if day and not computed.count_between(connection, keys_of_series, *_ends_of(day)):
            raise StatisticsMissingError(source.spec.name, day)
        target = source.find_target(connection, destination)
        if not keys_of_series or target is None:
            return None
        states_of_series = states.read(connection, keys_of_series).values()
        # Statistics of all series are computed in one transaction: the others have nothing newer.
        newest = max(states_of_series, key=lambda state: state.arrival, default=states.NOT_COMPUTED)
        progress = publications.read_progress(connection, target, Folder.PROCESSED)
        if progress and progress.basis != _basis(connection, source, newest, progress.arrival):
            # Other windows, another coin, or arrivals in another order.
            progress = None
        basis = _basis(connection, source, newest, newest.arrival)
        nothing = Progress(0, _basis(connection, source, newest, 0))
        changed = computed.read_changed_days(connection, keys_of_series, progress.arrival if progress else 0)
        keys = {processed_day_key(destination.prefix, destination.name, each): each for each in changed}
        names = {destination.name_of(key): key for key in (*keys, destination.processed_table_key)}
        found = publications.read_objects(connection, target, list(names)) if progress else {}
    if progress is None:
        with source.writing() as connection:
            publications.start(connection, target, Folder.PROCESSED, nothing, source.now())
    known = {names[name]: noted for name, noted in found.items()}
    pending = [each for key, each in keys.items() if key not in known or known[key].arrival < changed[each]]
    return _Plan(target, keys_of_series, newest.arrival, basis, pending, known)


def _basis(connection: "Connection", source: Source, state: StatisticsState, arrival: int) -> str:
    spec = source.spec
    chain = arrivals.chain_at(connection, spec.name, arrival) or ""
    coins = "" if isinstance(spec.coins, TopCoins) else " ".join(spec.coins.named)
    return sha256(f"{chain} {coins} {spec.vs_currency} {state.computed_by}".encode()).hexdigest()


def _ends_of(day: date) -> tuple[datetime, datetime]:
    """The first and the last second of a UTC day."""
    span = day_of(day)
    return span.start, span.end - timedelta(seconds=1)


def _publish_whole(source: Source, destination: Destination, plan: _Plan) -> bool:
    key = destination.processed_table_key
    known = plan.known.get(key)
    if not destination.has_whole_files or (known and known.arrival >= plan.arrival):
        return False

    def read_table(_: Collection[str]) -> Mapping[str, bytes]:
        with source.reading() as connection:
            table = encode_processed(connection, source, plan.series_ids, EVER)
        return {key: table} if table else {}

    return any(each.is_written for each in _replace(source, destination, plan, [key], read_table))


def _replace(
    source: Source,
    destination: Destination,
    plan: _Plan,
    keys: Collection[str],
    read: Contents,
) -> list[Confirmed]:
    """Replace objects, and note those that S3 has confirmed, up to the first failure."""
    known = {key: Known(noted.sha256, noted.etag) for key, noted in plan.known.items() if key in keys}
    confirmed: list[Confirmed] = []
    try:
        for each in replace_objects(destination.bucket, keys, known, read):
            confirmed.append(each)  # noqa: PERF402 (kept up to the first failure)
    finally:
        objects = [
            PublishedObject(destination.name_of(each.key), each.sha256, each.etag, plan.arrival)
            for each in confirmed
        ]
        if objects:
            with source.writing() as connection:
                publications.write_objects(connection, plan.target, objects, source.now())
    return confirmed
