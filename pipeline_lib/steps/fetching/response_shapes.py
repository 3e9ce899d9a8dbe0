"""Changes in what CoinGecko's answers look like: noticed and told once, and never in anybody's way."""

from pathlib import Path

from pipeline_lib.errors import StoreBusyError
from pipeline_lib.market.quotes.response_shape import Shape
from pipeline_lib.model.observation import Provenance
from pipeline_lib.store.files.json_documents import change_document, read_document

_CURRENT_QUOTES = "/coins/markets"
_FILE = "coins_markets.json"


def notice_shape(data_dir: Path, provenance: Provenance) -> tuple[str, ...]:
    """What is new in the shape of a coin's current quote, a line for people; empty when nothing is.

    The shape known so far is one small file for all pipelines, which the first answer makes. History has no
    fields to change: it is lists of pairs.
    """
    if provenance.is_historic:
        return ()
    seen = Shape.of_answer(provenance.answer)
    if seen is None:
        return ()
    path = data_dir / "response_shapes" / _FILE
    try:
        changes = _learn(path, seen)
    except (OSError, StoreBusyError) as error:
        # The price is good all the same.
        return (f"the shape of CoinGecko's answer could not be compared: {error}",)
    return (f"CoinGecko's {_CURRENT_QUOTES} has changed: {'; '.join(changes)}",) if changes else ()


def _learn(path: Path, seen: Shape) -> tuple[str, ...]:
    known = _known(_read(path))
    if known is not None and known.joined(seen) == known:
        # Nearly always so: no lock is taken, and nothing is written.
        return ()
    changes: tuple[str, ...] = ()

    def join(document: object) -> object:
        nonlocal changes
        # Another process may have learnt, and told, the same in the meantime.
        latest = _known(document)
        changes = latest.changes_in(seen) if latest else ()
        return (latest.joined(seen) if latest else seen).to_document()

    change_document(path, join)
    return changes


def _read(path: Path) -> object:
    try:
        return read_document(path)
    except ValueError:
        return None


def _known(document: object) -> Shape | None:
    try:
        return None if document is None else Shape.from_document(document)
    except ValueError:
        # Whatever spoilt the file: the next answer makes it anew.
        return None
