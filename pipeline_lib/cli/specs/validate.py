"""The command that checks specs."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from pipeline_lib.cli.places import shown, with_shown_files
from pipeline_lib.cli.project import catalog_around, current_settings
from pipeline_lib.cli.report_output import print_report
from pipeline_lib.cli.specs.reports import Report, github, json, sarif, text
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.errors import SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, Loaded
from pipeline_lib.specs.checks.default_bucket import require_bucket_name
from pipeline_lib.specs.checks.long_steps import find_long_steps
from pipeline_lib.specs.checks.webhook_variables import find_foreign_variables
from pipeline_lib.specs.pipelines import load_pipelines, refuse, warn
from pipeline_lib.specs.reading.files import SPEC_SUFFIX, SpecFiles, join_files

_REPORTS: Mapping[str, Report] = {
    "text": text.report,
    "json": json.report,
    "github": github.report,
    "sarif": sarif.report,
}


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(_REPORTS)),
    default="text",
    show_default=True,
    help="For people, for programs, for GitHub Actions, or for code scanning.",
)
def validate(paths: tuple[Path, ...], format_name: str) -> None:
    """Check specs: files, folders, or the project's dag_configs.

    Specs are checked together with the _defaults.yaml of dag_configs, or of the nearest folder that has one.
    Exit code 0: no problems but warnings; 1: problems; 2: no specs, or a PATH or the environment is unusable.

    \b
    Example:
      coin-pipelines validate
      coin-pipelines validate dag_configs/bitcoin.yaml
      coin-pipelines validate --format sarif > specs.sarif
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    loaded = _with_shown_files(_load(paths) if paths else _load_project())
    print_report(_REPORTS[format_name](loaded))
    if loaded.errors:
        raise SystemExit(1)


def _load_project() -> Loaded:
    try:
        settings = current_settings()
        require_bucket_name(settings.s3_bucket)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    folder = settings.dag_configs_dir
    if not folder.is_dir():
        raise click.UsageError(f"the folder of specs {folder} doesn't exist (set DAG_CONFIGS_DIR)")
    loaded = load_pipelines(settings)
    _require_specs(folder, [*loaded.specs, *loaded.diagnostics])
    return _with_warnings(loaded, Catalog(folder))


def _load(paths: Iterable[Path]) -> Loaded:
    found: dict[Catalog, list[SpecFiles]] = defaultdict(list)
    for path in paths:
        catalog = catalog_around(path)
        files = catalog.files_at(path)
        _require_specs(path, [*files.specs, *files.diagnostics])
        found[catalog].append(files)
    loaded = [_check(catalog, join_files(files)) for catalog, files in found.items()]
    return Loaded(
        tuple(spec for each in loaded for spec in each.specs),
        tuple(diagnostic for each in loaded for diagnostic in each.diagnostics),
    )


def _check(catalog: Catalog, files: SpecFiles) -> Loaded:
    """What files hold, but for pipelines that name a variable which may hold something else."""
    prefix = Settings.for_parsing(os.environ, project_folder=Path.cwd()).webhook_prefix
    loaded = catalog.load_files(files)
    refused = refuse(loaded, catalog, find_foreign_variables(loaded.specs, prefix))
    return _with_warnings(refused, catalog)


def _with_warnings(loaded: Loaded, catalog: Catalog) -> Loaded:
    # The next runs are those that come after the person who reads of them.
    return warn(loaded, catalog, find_long_steps(loaded.specs, to_moment(datetime.now(UTC))))


def _require_specs(path: Path, found: Sequence[object]) -> None:
    """Refuse a check of nothing, which would look like one that found nothing wrong."""
    if not found:
        place = shown(path, Path.cwd())
        raise click.UsageError(f"there are no specs in {place}: a spec is a file that ends in {SPEC_SUFFIX}")


def _with_shown_files(loaded: Loaded) -> Loaded:
    return replace(loaded, diagnostics=with_shown_files(loaded.diagnostics))
