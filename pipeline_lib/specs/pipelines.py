"""All pipelines of a project: the specs, checked against each other and against the environment."""

from dataclasses import replace

from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, Loaded
from pipeline_lib.specs.checks.shared_paths import find_shared_paths
from pipeline_lib.specs.checks.webhook_variables import find_foreign_variables


def load_pipelines(settings: Settings) -> Loaded:
    """Every pipeline that may run, and what is wrong with the others."""
    catalog = Catalog(settings.dag_configs_dir, settings.s3_bucket, settings.coingecko_plan)
    loaded = catalog.load_all()
    found = [
        *find_shared_paths((spec.name for spec in loaded.specs), settings),
        *find_foreign_variables(loaded.specs, settings.webhook_prefix),
    ]
    refused = {name for name, _ in found}
    return replace(
        loaded,
        specs=tuple(spec for spec in loaded.specs if spec.name not in refused),
        diagnostics=(*loaded.diagnostics, *catalog.place(found)),
    )
