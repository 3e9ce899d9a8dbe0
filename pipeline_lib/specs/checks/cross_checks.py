"""What is wrong between specs that are each valid."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.layout import path_variable
from pipeline_lib.specs.model import PipelineSpec, S3Target

_NAMED = 3


def find_overlaps(
    specs: Sequence[PipelineSpec], default_bucket: str | None
) -> Iterator[tuple[str, Diagnostic]]:
    """Each pipeline that would write where another one writes, with what is wrong; of two, both.

    Args:
        specs: Valid specs.
        default_bucket: Bucket of those that name none, or None when that isn't known.
    """
    yield from _same_variables(specs)
    yield from _same_prefixes(specs, default_bucket)


def name_others(name: str, group: Sequence[str]) -> str:
    """The files of ``group`` but that of ``name``: the first few, and how many more there are."""
    # Enough are looked at to name a few; a group may be as large as the folder.
    shown = [other for other in group[: _NAMED + 1] if other != name][:_NAMED]
    more = len(group) - 1 - len(shown)
    listed = ", ".join(f"{other}.yaml" for other in shown)
    return f"{listed} and {more} more" if more else listed


def _same_variables(specs: Sequence[PipelineSpec]) -> Iterator[tuple[str, Diagnostic]]:
    by_variable: dict[str, list[str]] = defaultdict(list)
    for spec in specs:
        by_variable[path_variable(spec.name, "RAW")].append(spec.name)
    for variable, names in by_variable.items():
        for name in names if len(names) > 1 else ():
            message = f"{variable} would set the path of {name_others(name, names)} too"
            yield name, Diagnostic((), message, "rename one of the files")


def _same_prefixes(
    specs: Sequence[PipelineSpec], default_bucket: str | None
) -> Iterator[tuple[str, Diagnostic]]:
    owners: dict[_Place, list[str]] = defaultdict(list)
    for spec in specs:
        if spec.s3:
            owners[_place_of(spec.s3, default_bucket)].append(spec.name)
    for place, related in _related_places(owners).items():
        group = sorted(name for other in related for name in owners[other])
        prefix = "/".join(place.steps)
        for name in owners[place] if len(group) > 1 else ():
            message = f"{prefix!r} overlaps the S3 prefix of {name_others(name, group)}"
            hint = "give each pipeline a prefix of its own"
            yield name, Diagnostic(("s3", "prefix"), message, hint)


@dataclass(frozen=True, slots=True)
class _Place:
    endpoint: str
    bucket: str
    steps: tuple[str, ...]


def _place_of(target: S3Target, default_bucket: str | None) -> _Place:
    # Where a connection leads isn't known here: buckets of one name count as one.
    return _Place(
        endpoint=(target.endpoint_url or "").rstrip("/"),
        bucket=target.bucket or default_bucket or "",
        steps=tuple(target.prefix.split("/")),
    )


def _related_places(places: Iterable[_Place]) -> dict[_Place, set[_Place]]:
    """For each place those above and below it, and itself; each looks up its own parents only."""
    known = set(places)
    related: dict[_Place, set[_Place]] = {place: {place} for place in places}
    for place in known:
        for length in range(1, len(place.steps)):
            above = replace(place, steps=place.steps[:length])
            if above in known:
                related[place].add(above)
                related[above].add(place)
    return related
