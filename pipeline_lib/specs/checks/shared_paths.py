"""Pipelines whose files would be the same ones, by what the environment sets."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

from pipeline_lib.settings import Settings
from pipeline_lib.specs.layout import Layout


def find_shared_paths(names: Iterable[str], settings: Settings) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Each path that is taken more than once, with the pipelines that take it.

    A pipeline that takes a path twice stands there alone. Capital letters make no difference, as on the
    disks of macOS and Windows.
    """
    if not settings.paths:
        # Each name has usual places of its own; there is nothing to compare.
        return
    owners: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for name in names:
        layout = Layout.of(name, settings)
        for path in (getattr(layout, field.name) for field in fields(layout)):
            owners[os.path.abspath(path).casefold()].append((name, path))  # noqa: PTH100 (links stay as they are)
    for takers in owners.values():
        if len(takers) > 1:
            yield takers[0][1], tuple(sorted({name for name, _ in takers}))
