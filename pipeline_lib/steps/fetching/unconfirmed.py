"""Current quotes that wait for a later one to confirm a large move: in a minute they can't be had again."""

from pipeline_lib.archive import format_2
from pipeline_lib.archive.part import Part
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.documents import change_document, read_document
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services


def keep_unconfirmed(spec: PipelineSpec, services: Services, snapshot: Snapshot) -> None:
    """Keep a quote, in the place of the series' last one.

    Args:
        spec: The pipeline.
        services: The access to the world.
        snapshot: The quote.

    Raises:
        DatabaseError: The database can't be used.
    """
    text = format_2.encode(Part(spec.name, 1, (snapshot,))).decode()
    with services.database.writing() as connection:
        change_document(connection, _name(spec), lambda _: text, to_moment(services.now()))


def find_unconfirmed(spec: PipelineSpec, run: Run, services: Services) -> Snapshot | None:
    """The quote that an earlier part of this run left to be confirmed; None where there is none.

    One that was refused meanwhile is none: the run asks anew.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        DatabaseError: The database can't be used.
    """
    with services.database.reading() as connection:
        snapshot = _decode(read_document(connection, _name(spec)))
        if snapshot is None or snapshot.observation.moment != run.moment:
            return None
        answer = snapshot.provenance.answer.encode()
        refused = quarantine.find(connection, spec.name, spec.coin, run.moment, answer)
    return snapshot if refused is None else None


def _name(spec: PipelineSpec) -> str:
    return f"unconfirmed {spec.name} {spec.coin} {spec.vs_currency}"


def _decode(document: object) -> Snapshot | None:
    try:
        (snapshot,) = format_2.decode(str(document).encode()).snapshots
    except ValueError:
        # None so far, or of another version.
        return None
    return snapshot if isinstance(snapshot, Snapshot) else None
