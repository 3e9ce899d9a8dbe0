"""The folder of specs: one ``<name>.yaml`` for each pipeline, in it or below, and one ``_defaults.yaml``."""

import os.path
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from pipeline_lib.errors import InvalidSpecsError, SpecNotFoundError
from pipeline_lib.model.call_plan import DEMO_PLAN, CallPlan
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs.checks.call_budget import check_call_budget
from pipeline_lib.specs.checks.cross_checks import find_overlaps
from pipeline_lib.specs.model import PipelineSpec
from pipeline_lib.specs.reading.completion import complete_spec, place_diagnostics, read_spec
from pipeline_lib.specs.reading.documents import Document, check_file_name, read_defaults, read_document
from pipeline_lib.specs.reading.files import (
    DEFAULTS_FILE,
    SPEC_SUFFIX,
    SpecFiles,
    find_name_clashes,
    find_spec_files,
    find_specs_named,
    misnamed,
)

_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder of specs holds.

    Attributes:
        specs: The valid pipelines, by name.
        diagnostics: What is wrong in the others, between them, and with all of them together.
    """

    specs: tuple[PipelineSpec, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep a pipeline from running."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that one pipeline comes from.

    Attributes:
        document: The pipeline's own file.
        defaults: What all pipelines share, or None.
    """

    document: Document
    defaults: Document | None

    def complete(self) -> PipelineSpec:
        """The pipeline that the files make.

        Raises:
            InvalidSpecsError: They are invalid.
        """
        return complete_spec(self.document, self.defaults)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The specs of one folder and of all below it.

    Attributes:
        folder: Usually ``dag_configs``.
        default_bucket: Bucket of specs that name none, or None when that isn't known.
        plan: The calls of CoinGecko that all pipelines share, or None to leave them uncounted.
    """

    folder: Path
    default_bucket: str | None = None
    plan: CallPlan | None = DEMO_PLAN

    @classmethod
    def around(cls, path: Path, project_specs: Path) -> "Catalog":
        """The specs that ``path`` belongs to: those whose defaults hold for it.

        Args:
            path: A spec, or a folder of specs.
            project_specs: The folder of the project's specs. For what doesn't lie in it, it is the nearest
                folder with defaults, else the folder of ``path`` itself.
        """
        folder = _absolute(path if path.is_dir() else path.parent)
        if folder.is_relative_to(_absolute(project_specs)):
            return cls(project_specs)
        above = (place for place in (folder, *folder.parents) if (place / DEFAULTS_FILE).exists())
        return cls(next(above, folder))

    def path_of(self, name: str) -> Path:
        """Where the spec of a pipeline usually lies; nothing is searched."""
        return self.folder / f"{name}{SPEC_SUFFIX}"

    def names(self) -> tuple[str, ...]:
        """The pipelines that have a file, valid or not, in order."""
        return tuple(sorted(find_spec_files(self.folder, self.folder).by_name))

    def load(self, name: str) -> PipelineSpec:
        """Read the one spec of a pipeline.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: The spec, or the defaults, are invalid, or there are several such files.
        """
        return self.sources(name).complete()

    def sources(self, name: str) -> Sources:
        """Read the files of one pipeline.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: A file can't be read, or holds no mapping, or there are several such files.
        """
        return self.sources_at(self._find(name))

    def sources_at(self, path: Path) -> Sources:
        """Read one spec and what it shares with all others.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: A file can't be read, or holds no mapping.
        """
        if not os.path.lexists(path):
            raise self._not_found(path.stem, path)
        defaults = self.defaults()
        if misnamed := check_file_name(path):
            raise InvalidSpecsError(misnamed)
        return Sources(read_document(path), defaults)

    def defaults(self) -> Document | None:
        """Read what the pipelines share; None when there is no such file.

        Raises:
            InvalidSpecsError: The file can't be read, or holds no mapping.
        """
        path = self.folder / DEFAULTS_FILE
        # A link that leads nowhere is a mistake, not the absence of defaults.
        return read_defaults(path) if os.path.lexists(path) else None

    def load_all(self) -> Loaded:
        """Read every spec and check them against each other.

        An invalid one harms no other; of pipelines that would write to one place none is taken.
        """
        if not self.folder.is_dir():
            missing = Diagnostic((), "the folder of specs doesn't exist", "set DAG_CONFIGS_DIR", self.folder)
            return Loaded((), (missing,))
        return self.load_files(self.files_at(self.folder))

    def files_at(self, path: Path) -> SpecFiles:
        """The specs of a folder of the catalog, or the one spec that ``path`` is.

        The file of the defaults is no pipeline: it stands for its whole folder.
        """
        folder = path.parent if path.name == DEFAULTS_FILE else path
        if folder.is_dir():
            return find_spec_files(folder, self.folder)
        return SpecFiles((path,), ()) if path.suffix == SPEC_SUFFIX else SpecFiles((), (misnamed(path),))

    def load_files(self, files: SpecFiles) -> Loaded:
        """Read some of the specs and check them against each other; an invalid one harms no other."""
        try:
            defaults = self.defaults()
        except InvalidSpecsError as error:
            return Loaded((), error.diagnostics)
        clashes = tuple(find_name_clashes(files, self.folder))
        specs: list[PipelineSpec] = []
        # A dict keeps order, and what is wrong in the defaults once instead of once for each spec.
        diagnostics: dict[Diagnostic, None] = dict.fromkeys((*files.diagnostics, *clashes))
        for path in files.specs:
            try:
                specs.append(read_spec(path, defaults))
            except InvalidSpecsError as error:
                diagnostics.update(dict.fromkeys(error.diagnostics))
        clashing = {diagnostic.file.stem for diagnostic in clashes if diagnostic.file}
        specs = [spec for spec in specs if spec.name not in clashing]
        overlaps = list(find_overlaps(specs, self.default_bucket))
        diagnostics.update(dict.fromkeys(self.place(overlaps)))
        overlapping = {name for name, _ in overlaps}
        taken = tuple(spec for spec in specs if spec.name not in overlapping)
        diagnostics.update(dict.fromkeys(self._over_budget(taken)))
        return Loaded(taken, tuple(diagnostics))

    def place(
        self, diagnostics: Iterable[tuple[str, Diagnostic]], defaults: Document | None = None
    ) -> Iterator[Diagnostic]:
        """Diagnostics of pipelines, which are given by name, with their places in the files.

        Args:
            diagnostics: Names of pipelines, each with what is wrong.
            defaults: Where to place what they alone say; None to place all in the pipelines' own files.
        """
        found = list(diagnostics)
        paths = find_spec_files(self.folder, self.folder).by_name if found else {}
        for name, diagnostic in found:
            # The folder may have changed since it was read.
            path = paths.get(name, (self.path_of(name),))[0]
            try:
                yield from place_diagnostics([diagnostic], read_document(path), defaults)
            except InvalidSpecsError as error:
                yield from error.diagnostics

    def _find(self, name: str) -> Path:
        usual = self.path_of(name)
        # A name with a slash in it would leave the folder.
        if usual.parent == self.folder and usual.is_file():
            # Where a task starts, this saves a look at all the other files.
            return usual
        found = find_specs_named(name, self.folder)
        if not found:
            raise self._not_found(name, usual)
        if len(found) > 1:
            raise InvalidSpecsError(tuple(find_name_clashes(SpecFiles(found, ()), self.folder)))
        return found[0]

    def _not_found(self, name: str, path: Path) -> SpecNotFoundError:
        return SpecNotFoundError(name, path, hint=_hint_for(name, self.names()))

    def _over_budget(self, specs: Sequence[PipelineSpec]) -> list[Diagnostic]:
        if self.plan is None:
            return []
        defaults = self.folder / DEFAULTS_FILE
        place = defaults if defaults.exists() else self.folder
        return [replace(diagnostic, file=place) for diagnostic in check_call_budget(specs, self.plan)]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (links stay as they are)


def _hint_for(name: str, names: Sequence[str]) -> str:
    """Which pipelines somebody may have meant."""
    if similar := get_close_matches(name, names, n=1):
        return f"did you mean {similar[0]!r}?"
    if len(names) > _MOST_NAMES:
        return f"coin-pipelines list names all {len(names):,}"
    return f"pipelines here: {', '.join(names) or 'none'}"
