"""The command that checks specs."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.cli.project import current_settings
from pipeline_lib.cli.report_output import print_report
from pipeline_lib.cli.specs.reports import Report, github, json, sarif, text
from pipeline_lib.errors import SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, Loaded, PipelineSpec, load_path
from pipeline_lib.specs.checks.default_bucket import require_bucket_name
from pipeline_lib.specs.checks.webhook_variables import find_foreign_variables
from pipeline_lib.specs.pipelines import load_pipelines, refuse

if TYPE_CHECKING:
    from pipeline_lib.model.diagnostic import Diagnostic

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

    A file is checked together with the _defaults.yaml of its own folder.
    Exit code 0: no problems but warnings; 1: problems; 2: a PATH or the environment is unusable.

    \b
    Example:
      coin-pipelines validate
      coin-pipelines validate dag_configs/bitcoin.yaml
      coin-pipelines validate --format sarif > specs.sarif
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    loaded = _load(paths) if paths else _load_project()
    print_report(_REPORTS[format_name](loaded))
    if loaded.errors:
        raise SystemExit(1)


def _load_project() -> Loaded:
    try:
        settings = current_settings()
        require_bucket_name(settings.s3_bucket)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    if not settings.dag_configs_dir.is_dir():
        raise click.UsageError(
            f"the folder of specs {settings.dag_configs_dir} doesn't exist (set DAG_CONFIGS_DIR)"
        )
    return _with_shown_files(load_pipelines(settings))


def _load(paths: Iterable[Path]) -> Loaded:
    # Paths may overlap; a file counts once, and so does what is wrong in defaults that several specs share.
    specs: dict[Path, PipelineSpec] = {}
    diagnostics: dict[Diagnostic, None] = {}
    for path in paths:
        loaded = _with_shown_files(_load_path(path))
        folder = (path if path.is_dir() else path.parent).resolve()
        specs.update({folder / spec.name: spec for spec in loaded.specs})
        diagnostics.update(dict.fromkeys(loaded.diagnostics))
    return Loaded(tuple(specs.values()), tuple(diagnostics))


def _load_path(path: Path) -> Loaded:
    """What a path holds, but for pipelines that name a variable which may hold something else."""
    prefix = Settings.for_parsing(os.environ, project_folder=Path.cwd()).webhook_prefix
    loaded = load_path(path)
    catalog = Catalog(path if path.is_dir() else path.parent)
    return refuse(loaded, catalog, find_foreign_variables(loaded.specs, prefix))


def _with_shown_files(loaded: Loaded) -> Loaded:
    return replace(loaded, diagnostics=with_shown_files(loaded.diagnostics))
