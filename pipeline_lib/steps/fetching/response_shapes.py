"""Changes in what CoinGecko's answers look like: noticed and reported once, and never in anybody's way."""

from collections.abc import Sequence
from functools import reduce

from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database.market.documents import change_document, read_document
from pipeline_lib.errors import DatabaseError
from pipeline_lib.market.quotes.response_shape import Shape
from pipeline_lib.model.observation import Provenance
from pipeline_lib.steps.run import Services

_CURRENT_QUOTES = "/coins/markets"
_DOCUMENT = f"shape of {_CURRENT_QUOTES}"


def notice_shapes(services: Services, sources: Sequence[Provenance]) -> tuple[str, ...]:
    """What is new in the shape of coins' current quotes, a line for people; empty when nothing is.

    The shape known so far is one document for all pipelines, which the first answer makes. History has no
    fields to change: it is lists of pairs.
    """
    shapes = (Shape.of_answer(each.answer) for each in sources if not each.is_historic)
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return ()
    seen = reduce(Shape.joined, known)
    try:
        changes = _learn(services, seen)
    except (DatabaseError, OSError) as error:
        # The price is good all the same.
        return (f"the shape of CoinGecko's answer could not be compared: {error}",)
    return (f"CoinGecko's {_CURRENT_QUOTES} has changed: {'; '.join(changes)}",) if changes else ()


def _learn(services: Services, seen: Shape) -> tuple[str, ...]:
    with services.database.reading() as connection:
        known = _known(read_document(connection, _DOCUMENT))
    if known is not None and known.joined(seen) == known:
        # Nearly always so: nothing is locked, and nothing is written.
        return ()
    changes: tuple[str, ...] = ()

    def join(document: object) -> object:
        nonlocal changes
        # Another process may have learnt, and reported, the same in the meantime.
        latest = _known(document)
        changes = latest.changes_in(seen) if latest else ()
        return (latest.joined(seen) if latest else seen).to_document()

    with services.database.writing() as connection:
        change_document(connection, _DOCUMENT, join, to_moment(services.now()))
    return changes


def _known(document: object) -> Shape | None:
    try:
        return None if document is None else Shape.from_document(document)
    except ValueError:
        # Whatever spoilt the document: the next answer makes it anew.
        return None
