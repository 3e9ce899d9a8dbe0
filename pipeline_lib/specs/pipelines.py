"""All pipelines of a project: the specs, checked against each other and against the environment."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline_lib.model.diagnostic import Diagnostic
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
    return refuse(loaded, catalog, found)


def refuse(loaded: Loaded, catalog: Catalog, found: Iterable[tuple[str, Diagnostic]]) -> Loaded:
    """What was loaded without the pipelines in which more was found to be wrong, and with that.

    Args:
        loaded: Specs that are valid by themselves, and what is wrong with others.
        catalog: Where they come from.
        found: Names of pipelines, each with what is wrong.
    """
    found = list(found)
    refused = {name for name, _ in found}
    return replace(
        loaded,
        specs=tuple(spec for spec in loaded.specs if spec.name not in refused),
        diagnostics=(*loaded.diagnostics, *catalog.place(found)),
    )


def warn(loaded: Loaded, catalog: Catalog, found: Iterable[tuple[str, Diagnostic]]) -> Loaded:
    """What was loaded, with warnings beside what is wrong; what the defaults say is warned of once.

    Args:
        loaded: Specs that are valid, and what is wrong with others.
        catalog: Where they come from.
        found: Names of pipelines, each with what people should know.
    """
    found = list(found)
    warnings = catalog.place(found, catalog.defaults()) if found else ()
    return replace(loaded, diagnostics=(*loaded.diagnostics, *dict.fromkeys(warnings)))
