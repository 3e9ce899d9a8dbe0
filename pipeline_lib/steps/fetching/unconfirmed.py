"""Current quotes that wait for a later one to confirm a large move: in a minute they can't be had again."""

from collections.abc import Mapping, Sequence

from pipeline_lib.archive import format_2
from pipeline_lib.archive.part import Part
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.documents import change_document, read_document
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services


def keep_unconfirmed(spec: PipelineSpec, services: Services, snapshots: Sequence[Snapshot]) -> None:
    """Keep quotes, in the place of those that the pipeline kept before.

    Args:
        spec: The pipeline.
        services: The access to the world.
        snapshots: The quotes, at least one; each coin once.

    Raises:
        DatabaseError: The database can't be used.
    """
    by_coin = sorted(snapshots, key=lambda each: each.observation.coin)
    text = format_2.encode(Part(spec.name, 1, tuple(by_coin))).decode()
    with services.database.writing() as connection:
        change_document(connection, _name(spec), lambda _: text, to_moment(services.now()))


def find_unconfirmed(spec: PipelineSpec, run: Run, services: Services) -> Mapping[str, Snapshot]:
    """The quotes that an earlier part of this run left to be confirmed, by coin.

    Those that were refused meanwhile are none: the run asks anew.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        DatabaseError: The database can't be used.
    """
    with services.database.reading() as connection:
        kept = _decode(read_document(connection, _name(spec)))
        if not kept or kept[0].observation.moment != run.moment:
            return {}
        refused = quarantine.find_refused(connection, spec.name, run.moment)
    return {
        each.observation.coin: each
        for each in kept
        if refused.find(each.observation.coin, each.provenance.answer.encode()) is None
    }


def _name(spec: PipelineSpec) -> str:
    return f"unconfirmed {spec.name} {spec.vs_currency}"


def _decode(document: object) -> list[Snapshot]:
    try:
        snapshots = format_2.decode(str(document).encode()).snapshots
    except ValueError:
        # None so far, or of another version.
        return []
    return [each for each in snapshots if isinstance(each, Snapshot)]
