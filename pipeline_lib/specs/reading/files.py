"""Which files are specs: those below a folder that end in ``.yaml``, but for the defaults and hidden ones."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from pipeline_lib.model.diagnostic import Diagnostic

DEFAULTS_FILE = "_defaults.yaml"
SPEC_SUFFIX = ".yaml"

_LIKE_SPECS = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class SpecFiles:
    """What a folder and those below it hold.

    Attributes:
        specs: The files that are specs, in order.
        diagnostics: Files that are none but look like it, and folders that can't be read.
    """

    specs: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def by_name(self) -> Mapping[str, tuple[Path, ...]]:
        """The specs by the name of their pipeline; more than one of a name is a mistake."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self.specs:
            found[path.stem].append(path)
        return {name: tuple(paths) for name, paths in found.items()}


def find_spec_files(folder: Path, root: Path) -> SpecFiles:
    """The specs in a folder and in all below it.

    Args:
        folder: Where to look; nothing is found where there is no such folder.
        root: The folder whose defaults hold, ``folder`` itself or one above.
    """
    specs: list[Path] = []
    diagnostics: list[Diagnostic] = []

    def refuse(error: OSError) -> None:
        message = f"the folder can't be read: {error.strerror}"
        diagnostics.append(Diagnostic((), message, file=Path(error.filename)))

    for place, names in _walk(folder, refuse):
        for name in names:
            path = place / name
            if path.suffix == SPEC_SUFFIX and name != DEFAULTS_FILE:
                specs.append(path)
            elif name == DEFAULTS_FILE and not _is_same_folder(place, root):
                diagnostics.append(_unread_defaults(path, root))
            elif path.suffix != SPEC_SUFFIX and path.suffix.lower() in _LIKE_SPECS:
                diagnostics.append(misnamed(path))
    return SpecFiles(tuple(sorted(specs)), tuple(sorted(diagnostics, key=lambda each: str(each.file))))


def join_files(parts: Iterable[SpecFiles]) -> SpecFiles:
    """The same files together, each of them once."""
    specs: dict[str, Path] = {}
    diagnostics: dict[tuple[str, str], Diagnostic] = {}
    for part in parts:
        specs.update((os.path.abspath(path), path) for path in part.specs)  # noqa: PTH100 (links stay as they are)
        for diagnostic in part.diagnostics:
            file = os.path.abspath(diagnostic.file or "")  # noqa: PTH100 (as above)
            diagnostics[file, diagnostic.message] = diagnostic
    return SpecFiles(
        tuple(path for _, path in sorted(specs.items())),
        tuple(diagnostic for _, diagnostic in sorted(diagnostics.items(), key=itemgetter(0))),
    )


def find_specs_named(name: str, folder: Path) -> tuple[Path, ...]:
    """The files in a folder and in all below it that are the spec of one pipeline; none is opened."""
    wanted = f"{name}{SPEC_SUFFIX}"
    return tuple(sorted(place / wanted for place, names in _walk(folder, _ignore) if wanted in names))


def find_name_clashes(specs: SpecFiles, root: Path) -> Iterator[Diagnostic]:
    """Every file whose pipeline has another file, too."""
    for name, paths in specs.by_name.items():
        for path in paths if len(paths) > 1 else ():
            others = ", ".join(os.path.relpath(other, root) for other in paths if other != path)
            message = f"the pipeline {name} is made by {others}, too"
            yield Diagnostic((), message, "give each file a name of its own", path)


def misnamed(path: Path) -> Diagnostic:
    """What is wrong with a file that doesn't end as specs do."""
    return Diagnostic((), "specs end in .yaml", f"rename it to {path.stem}{SPEC_SUFFIX}", path)


def _walk(folder: Path, refuse: Callable[[OSError], None]) -> Iterator[tuple[Path, list[str]]]:
    """Each folder with the names of its files; hidden ones, which editors and mounts make, are left out."""
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        # A link may lead back to where it lies.
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        if real not in seen:
            yield Path(place), [name for name in names if not name.startswith(".")]
        seen.add(real)


def _ignore(_error: OSError) -> None:
    """What can't be read holds no spec that could be found."""


def _is_same_folder(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _unread_defaults(path: Path, root: Path) -> Diagnostic:
    hint = f"all specs share {root.name}/{DEFAULTS_FILE}; move there what it says"
    return Diagnostic((), f"{DEFAULTS_FILE} isn't read in a folder below", hint, path)
