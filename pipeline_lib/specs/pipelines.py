"""All pipelines of a project: the specs, held against each other and against what the environment sets."""

from dataclasses import replace

from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, Loaded
from pipeline_lib.specs.checks.cross_checks import Conflict, name_others
from pipeline_lib.specs.checks.findings import Finding
from pipeline_lib.specs.checks.shared_paths import find_shared_paths


def load_pipelines(settings: Settings) -> Loaded:
    """Every pipeline that may run, and what is wrong with the others."""
    catalog = Catalog(settings.dag_configs_dir, settings.s3_bucket, settings.coingecko_plan)
    loaded = catalog.load_all()
    conflicts = [
        Conflict(name, Finding((), _tell(name, str(path), names), "give each path to one pipeline"))
        for path, names in find_shared_paths((spec.name for spec in loaded.specs), settings)
        for name in names
    ]
    harmed = {conflict.name for conflict in conflicts}
    return replace(
        loaded,
        specs=tuple(spec for spec in loaded.specs if spec.name not in harmed),
        problems=(*loaded.problems, *catalog.place_conflicts(conflicts)),
    )


def _tell(name: str, path: str, names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"the environment gives {path} to two of its files"
    return f"the environment gives {path} to {name_others(name, names)} too"
