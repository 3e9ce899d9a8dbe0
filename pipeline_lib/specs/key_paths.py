"""Keys as people write them: ``thresholds.1h``."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_lib.specs.checks.schema import load_schema

KeyPath = tuple[str, ...]


def join_path(path: KeyPath) -> str:
    """``("thresholds", "1h")`` → ``thresholds.1h``."""
    return ".".join(path)


def leaves(data: Mapping[str, Any], below: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value of nested mappings that is no mapping with keys itself; a list is one value."""
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*below, key))
        else:
            yield (*below, key), value


def known_paths() -> tuple[KeyPath, ...]:
    """Every key of a spec, sections too, in the schema's order."""
    return tuple(_paths(load_schema(), ()))


def paths_in(data: Mapping[str, Any]) -> tuple[KeyPath, ...]:
    """Every key of a spec, and those of ``data`` of which the schema leaves the name free, in its order."""
    known = known_paths()
    places = {path[0]: place for place, path in enumerate(known) if len(path) == 1}
    own = (path[:depth] for path, _ in leaves(data) for depth in range(1, len(path) + 1))
    return tuple(sorted(dict.fromkeys([*known, *own]), key=lambda path: places.get(path[0], len(known))))


def _paths(schema: Mapping[str, Any], below: KeyPath) -> Iterator[KeyPath]:
    for key, description in schema.get("properties", {}).items():
        yield (*below, key)
        yield from _paths(description, (*below, key))
