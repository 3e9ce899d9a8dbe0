"""The folder of specs: one ``<name>.yaml`` for each pipeline, and ``_defaults.yaml`` for all of them."""

from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.errors import InvalidSpecsError, SpecNotFoundError, SpecProblem
from pipeline_lib.spec.model import PipelineSpec
from pipeline_lib.spec.reading import Document, read_document, read_spec

_DEFAULTS_FILE = "_defaults.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder of specs holds.

    Attributes:
        specs: The valid pipelines, by name.
        problems: What is wrong in the others.
    """

    specs: tuple[PipelineSpec, ...]
    problems: tuple[SpecProblem, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The specs of one folder.

    Attributes:
        folder: Usually ``dag_configs``.
    """

    folder: Path

    def path_of(self, name: str) -> Path:
        """Where the spec of a pipeline lies; nothing is searched."""
        return self.folder / f"{name}.yaml"

    def load(self, name: str) -> PipelineSpec:
        """Read the one spec of a pipeline.

        Raises:
            SpecNotFoundError: There is no such file.
            InvalidSpecsError: The spec, or the defaults, break the rules.
        """
        path = self.path_of(name)
        # A name with a slash in it would leave the folder.
        if path.parent != self.folder or not path.is_file():
            known = ", ".join(found.stem for found in self._spec_paths()) or "none"
            raise SpecNotFoundError(name, path, hint=f"pipelines here: {known}")
        return read_spec(path, self._defaults())

    def load_all(self) -> Loaded:
        """Read every spec; a broken one harms no other."""
        if not self.folder.is_dir():
            problem = SpecProblem(
                self.folder, 1, 1, "", "the folder of specs doesn't exist", "set DAG_CONFIGS_DIR"
            )
            return Loaded((), (problem,))
        try:
            defaults = self._defaults()
        except InvalidSpecsError as error:
            return Loaded((), error.problems)
        specs: list[PipelineSpec] = []
        # A dict keeps order and tells a mistake in the defaults once, not once for each spec.
        problems: dict[SpecProblem, None] = dict.fromkeys(self._misnamed())
        for path in self._spec_paths():
            try:
                specs.append(read_spec(path, defaults))
            except InvalidSpecsError as error:
                problems.update(dict.fromkeys(error.problems))
        return Loaded(tuple(specs), tuple(problems))

    def _defaults(self) -> Document | None:
        path = self.folder / _DEFAULTS_FILE
        return read_document(path) if path.exists() else None

    def _spec_paths(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.yaml") if path.name != _DEFAULTS_FILE)

    def _misnamed(self) -> list[SpecProblem]:
        return [
            SpecProblem(path, 1, 1, "", "specs end in .yaml", f"rename it to {path.stem}.yaml")
            for path in sorted(self.folder.glob("*.yml"))
        ]
