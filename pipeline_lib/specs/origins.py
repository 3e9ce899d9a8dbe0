"""Where each value of an effective spec comes from."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipeline_lib.errors import UnknownKeyError
from pipeline_lib.specs import key_paths
from pipeline_lib.specs.catalog import Sources
from pipeline_lib.specs.checks.schema import subschema
from pipeline_lib.specs.reading.documents import Document
from pipeline_lib.specs.yaml.text import find_position


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file.

    Attributes:
        file: The file.
        line: From 1.
    """

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Origin:
    """A value and what set it.

    Attributes:
        key: Dotted from the root, such as ``thresholds.1h``.
        value: The effective value.
        place: Where a file sets it, or None when it is the schema's default.
    """

    key: str
    value: Any
    place: Place | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say about one key.

    Attributes:
        key: Dotted from the root.
        origins: Its value, or a section's values; empty when it is not set.
        taken_away: Where a ``null`` keeps a value out, or None.
        description: The schema's words for it.
        examples: The schema's examples, as data.
    """

    key: str
    origins: tuple[Origin, ...]
    taken_away: Place | None
    description: str
    examples: tuple[Any, ...]


def trace(sources: Sources) -> tuple[Origin, ...]:
    """Each effective value with its origin, in the schema's order.

    Raises:
        InvalidSpecsError: The sources are invalid.
    """
    effective = sources.complete().effective
    return tuple(_origin(sources, path, value) for path, value in key_paths.leaves(effective))


def explain_key(sources: Sources, key: str) -> Explanation:
    """One key, or one section, of a spec.

    Raises:
        UnknownKeyError: No spec has such a key.
        InvalidSpecsError: The sources are invalid.
    """
    path = _known_path(key, sources)
    origins = tuple(
        origin for origin in trace(sources) if origin.key == key or origin.key.startswith(f"{key}.")
    )
    described = subschema(path)
    return Explanation(
        key=key,
        origins=origins,
        taken_away=None if origins else _null_place(sources, path),
        description=described["description"],
        examples=tuple(described.get("examples", ())),
    )


def _known_path(key: str, sources: Sources) -> key_paths.KeyPath:
    known = {key_paths.join_path(path): path for path in key_paths.paths_in(sources.complete().effective)}
    if key not in known:
        close = get_close_matches(key, known, n=1) or [name for name in known if name.endswith(f".{key}")]
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        raise UnknownKeyError(key, hint=hint)
    return known[key]


def _origin(sources: Sources, path: key_paths.KeyPath, value: object) -> Origin:
    found = _deciding(sources, path)
    # A null takes a value away, but for a coin of which nothing is different.
    place = _place(found[0], path) if found and (value == {} or not _is_null(found)) else None
    return Origin(key_paths.join_path(path), value, place)


def _null_place(sources: Sources, path: key_paths.KeyPath) -> Place | None:
    found = _deciding(sources, path)
    return _place(*found) if found and _is_null(found) else None


def _is_null(found: tuple[Document, key_paths.KeyPath]) -> bool:
    document, path = found
    value: Any = document.data
    for step in path:
        value = value[step]
    return value is None


def _deciding(sources: Sources, path: key_paths.KeyPath) -> tuple[Document, key_paths.KeyPath] | None:
    """The first file that has ``path``, or a null above it, and how far down it has it."""
    for document in (sources.document, sources.defaults):
        value: Any = document.data if document else {}
        for depth, step in enumerate(path, start=1):
            if not isinstance(value, dict) or step not in value:
                break
            value = value[step]
            if document and (value is None or depth == len(path)):
                return document, path[:depth]
    return None


def _place(document: Document, path: key_paths.KeyPath) -> Place:
    return Place(document.path, find_position(document.text, path).line)
