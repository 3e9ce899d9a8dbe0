"""The files of a pipeline as a whole: moved to another name, or listed."""

import errno
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline_lib.archive.manifest import SUFFIX
from pipeline_lib.archive.parts import is_archived_name
from pipeline_lib.common.durable_files import is_leftover, sync_folder
from pipeline_lib.common.locking import lock_path
from pipeline_lib.publishing.csv.progress import note_path
from pipeline_lib.specs.layout import Layout

# A month's file, the note beside it and its lock.
_MONTH = re.compile(r"\d{4}-\d{2}\.csv|\.\d{4}-\d{2}\.csv\.(?:progress|lock)", re.ASCII)


def paths_of(layout: Layout) -> tuple[Path, ...]:
    """The files and folders of a pipeline; none of them need exist."""
    return tuple(getattr(layout, field.name) for field in fields(layout))


def places_of(layout: Layout) -> tuple[Path, ...]:
    """The same, with the note beside each CSV file, and the folder of its months where it has one."""
    tables = [path for path in paths_of(layout) if not _is_folder(layout, path)]
    return (*paths_of(layout), *map(note_path, tables), *map(_months_of, tables))


def is_occupied(path: Path) -> bool:
    """Whether anything is at a place, but for an empty folder."""
    return any(path.iterdir()) if path.is_dir() else path.exists()


def move(source: Path, target: Path) -> bool:
    """Move a file or a folder to a place that is free, in one step; whether there was one to move.

    Raises:
        OSError: It can't be moved; across disks, nothing can be in one step.
    """
    if source == target or not source.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    lock_path(source).unlink(missing_ok=True)
    for folder in {source.parent, target.parent}:
        sync_folder(folder)
    return True


def is_across_disks(error: OSError) -> bool:
    """Whether a move failed since the two places are on different disks."""
    return error.errno == errno.EXDEV


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What lies at the places of a pipeline.

    Attributes:
        place: A folder, or a CSV file.
        paths: The pipeline's own files there.
        size: Of these, in bytes.
        others: What else lies in that folder.
    """

    place: Path
    paths: tuple[Path, ...]
    size: int
    others: tuple[Path, ...] = ()


def list_own_files(layout: Layout) -> Iterator[OwnFiles]:
    """The files of a pipeline, by the place where they lie; places where nothing is are left out.

    Raises:
        OSError: A folder can't be read.
    """
    for path in paths_of(layout):
        if _is_folder(layout, path):
            found = _list_folder(path, is_archived_name if path == layout.archive else _is_manifest)
        else:
            beside = (path, note_path(path), lock_path(path))
            paths = tuple(each for each in beside if each.is_file())
            found = OwnFiles(path, paths, _size(paths))
        yield from (each for each in (found, *_list_months(layout, path)) if each.paths or each.others)


def _is_folder(layout: Layout, path: Path) -> bool:
    return path in (layout.archive, layout.manifests)


def _list_folder(folder: Path, is_own: Callable[[str], bool]) -> OwnFiles:
    own: list[Path] = []
    others: list[Path] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        belongs = path.is_file() and (is_own(path.name) or is_leftover(path.name))
        (own if belongs else others).append(path)
    return OwnFiles(folder, tuple(own), _size(own), tuple(others))


def _list_months(layout: Layout, path: Path) -> Iterator[OwnFiles]:
    if not _is_folder(layout, path) and _months_of(path) != path:
        yield _list_folder(_months_of(path), lambda name: _MONTH.fullmatch(name) is not None)


def _months_of(table: Path) -> Path:
    """Where a table of many rows lies in a file a month: ``data/majors_raw`` of ``data/majors_raw.csv``."""
    return table.with_suffix("")


def _is_manifest(name: str) -> bool:
    # A version without a database called its open one "newest".
    return name.endswith(SUFFIX) or name == "newest"


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
