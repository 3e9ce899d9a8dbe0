"""The folder of specs: one ``<name>.yaml`` for each pipeline, and ``_defaults.yaml`` for all of them."""

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

DEFAULTS_FILE = "_defaults.yaml"
SPEC_SUFFIX = ".yaml"
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
        defaults: What its folder's pipelines share, or None.
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
    """The specs of one folder.

    Attributes:
        folder: Usually ``dag_configs``.
        default_bucket: Bucket of specs that name none, or None when that isn't known.
        plan: The calls of CoinGecko that all pipelines share, or None to leave them uncounted.
    """

    folder: Path
    default_bucket: str | None = None
    plan: CallPlan | None = DEMO_PLAN

    def path_of(self, name: str) -> Path:
        """Where the spec of a pipeline lies; nothing is searched."""
        return self.folder / f"{name}{SPEC_SUFFIX}"

    def names(self) -> tuple[str, ...]:
        """The pipelines that have a file, valid or not, in order."""
        return tuple(sorted(path.stem for path in self._spec_paths()))

    def load(self, name: str) -> PipelineSpec:
        """Read the one spec of a pipeline.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: The spec, or the defaults, are invalid.
        """
        return self.sources(name).complete()

    def sources(self, name: str) -> Sources:
        """Read the files of one pipeline.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: A file can't be read, or holds no mapping.
        """
        path = self.path_of(name)
        # A name with a slash in it would leave the folder.
        if path.parent != self.folder or not os.path.lexists(path):
            raise SpecNotFoundError(name, path, hint=_hint_for(name, self.names()))
        defaults = self.defaults()
        check_file_name(path)
        return Sources(read_document(path), defaults)

    def defaults(self) -> Document | None:
        """Read what the folder's pipelines share; None when there is no such file.

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
        try:
            defaults = self.defaults()
        except InvalidSpecsError as error:
            return Loaded((), error.diagnostics)
        specs: list[PipelineSpec] = []
        # A dict keeps order, and what is wrong in the defaults once instead of once for each spec.
        diagnostics: dict[Diagnostic, None] = dict.fromkeys(map(_misnamed, sorted(self.folder.glob("*.yml"))))
        for path in self._spec_paths():
            try:
                specs.append(read_spec(path, defaults))
            except InvalidSpecsError as error:
                diagnostics.update(dict.fromkeys(error.diagnostics))
        overlaps = list(find_overlaps(specs, self.default_bucket))
        diagnostics.update(dict.fromkeys(self.place(overlaps)))
        refused = {name for name, _ in overlaps}
        taken = tuple(spec for spec in specs if spec.name not in refused)
        diagnostics.update(dict.fromkeys(self._over_budget(taken)))
        return Loaded(taken, tuple(diagnostics))

    def place(self, diagnostics: Iterable[tuple[str, Diagnostic]]) -> Iterator[Diagnostic]:
        """Diagnostics of pipelines, which are given by name, with their places in the files."""
        for name, diagnostic in diagnostics:
            try:
                yield from place_diagnostics([diagnostic], read_document(self.path_of(name)), None)
            except InvalidSpecsError as error:  # the file changed since it was read
                yield from error.diagnostics

    def _over_budget(self, specs: Sequence[PipelineSpec]) -> list[Diagnostic]:
        if self.plan is None:
            return []
        defaults = self.folder / DEFAULTS_FILE
        place = defaults if defaults.exists() else self.folder
        return [replace(diagnostic, file=place) for diagnostic in check_call_budget(specs, self.plan)]

    def _spec_paths(self) -> list[Path]:
        return sorted(path for path in self.folder.glob(f"*{SPEC_SUFFIX}") if path.name != DEFAULTS_FILE)


def load_path(path: Path) -> Loaded:
    """Read a folder of specs, or one spec with the defaults of its folder.

    The file of the defaults is no pipeline: it stands for its whole folder.
    """
    if path.is_dir():
        return Catalog(path).load_all()
    if path.name == DEFAULTS_FILE:
        return Catalog(path.parent).load_all()
    if path.suffix != SPEC_SUFFIX:
        return Loaded((), (_misnamed(path),))
    if not path.is_file():
        # Reading a pipe would wait for a writer that may never come.
        return Loaded((), (Diagnostic((), "is no ordinary file", file=path),))
    try:
        return Loaded((Catalog(path.parent).load(path.stem),), ())
    except InvalidSpecsError as error:
        return Loaded((), error.diagnostics)


def _hint_for(name: str, names: Sequence[str]) -> str:
    """Which pipelines somebody may have meant."""
    if similar := get_close_matches(name, names, n=1):
        return f"did you mean {similar[0]!r}?"
    if len(names) > _MOST_NAMES:
        return f"coin-pipelines list names all {len(names):,}"
    return f"pipelines here: {', '.join(names) or 'none'}"


def _misnamed(path: Path) -> Diagnostic:
    return Diagnostic((), "specs end in .yaml", f"rename it to {path.stem}.yaml", path)
