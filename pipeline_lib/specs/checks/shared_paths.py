"""Pipelines that the environment gives the same files."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.settings import Settings
from pipeline_lib.specs.checks.cross_checks import name_others
from pipeline_lib.specs.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path


def find_shared_paths(names: Iterable[str], settings: Settings) -> Iterator[tuple[str, Diagnostic]]:
    """Each pipeline with a path that is taken more than once, with what is wrong.

    Capital letters make no difference, as on the disks of macOS and Windows.
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
            group = sorted({name for name, _ in takers})
            for name in group:
                others = f"{name_others(name, group)} too" if len(group) > 1 else "two of its files"
                message = f"the environment gives {takers[0][1]} to {others}"
                yield name, Diagnostic((), message, "give each path to one pipeline")
