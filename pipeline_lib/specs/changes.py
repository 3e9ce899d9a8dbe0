"""What differs between two states of a folder of specs, by effective values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipeline_lib.specs.catalog import Catalog, Loaded
from pipeline_lib.specs.key_paths import join_path, leaves, paths_in
from pipeline_lib.specs.model import PipelineSpec


class Kind(Enum):
    """What became of a pipeline."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class State:
    """A folder of specs at one time.

    Attributes:
        names: The pipelines that have a file.
        specs: The valid ones, by name.
    """

    names: frozenset[str]
    specs: Mapping[str, PipelineSpec]

    @classmethod
    def of(cls, catalog: Catalog, loaded: Loaded) -> "State":
        """The state of a catalog that is loaded already."""
        return cls(frozenset(catalog.names()), {spec.name: spec for spec in loaded.specs})


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One key with two values.

    Attributes:
        key: Dotted from the root.
        old: The value before, or None when the key was not set.
        new: The value after, or None when the key is not set.
    """

    key: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class PipelineChange:
    """What became of one pipeline.

    Attributes:
        name: The pipeline.
        kind: What became of it; ``INVALID`` when either side can't be read, so that nothing can be compared.
        values: The keys that differ, in the schema's order.
    """

    name: str
    kind: Kind
    values: tuple[ValueChange, ...]


def compare(old: State, new: State) -> tuple[PipelineChange, ...]:
    """Every pipeline that differs, by name."""
    return tuple(_changes(old, new))


def _changes(old: State, new: State) -> Iterator[PipelineChange]:
    for name in sorted(old.names | new.names):
        before, after = old.specs.get(name), new.specs.get(name)
        if (before is None and name in old.names) or (after is None and name in new.names):
            yield PipelineChange(name, Kind.INVALID, ())
            continue
        values = tuple(_value_changes(before, after))
        if before is None:
            yield PipelineChange(name, Kind.ADDED, values)
        elif after is None:
            yield PipelineChange(name, Kind.REMOVED, values)
        elif values:
            yield PipelineChange(name, Kind.CHANGED, values)


def _value_changes(before: PipelineSpec | None, after: PipelineSpec | None) -> Iterator[ValueChange]:
    old, new = _values(before), _values(after)
    documents = [spec.effective for spec in (before, after) if spec]
    for key in dict.fromkeys(join_path(path) for document in documents for path in paths_in(document)):
        if old.get(key) != new.get(key):
            yield ValueChange(key, old.get(key), new.get(key))


def _values(spec: PipelineSpec | None) -> dict[str, Any]:
    return {join_path(path): value for path, value in leaves(spec.effective)} if spec else {}
