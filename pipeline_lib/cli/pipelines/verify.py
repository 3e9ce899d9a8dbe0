"""The command that proves what is held of a pipeline against its archive."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import click

from pipeline_lib.cli.connections import services_of
from pipeline_lib.cli.failures import failure_text
from pipeline_lib.cli.pipelines.chosen import NOTHING, Failures, choose
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.cli.report_output import format_option
from pipeline_lib.common.counting import counted
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Services
from pipeline_lib.steps.verify import Verification, read_open_manifest
from pipeline_lib.steps.verify import verify as verify_pipeline

_Found = Mapping[str, Verification]


@click.command()
@click.argument("pipeline", required=False, shell_complete=complete_names)
@click.option("--all", "all_pipelines", is_flag=True, help="Verify every pipeline of the project.")
@click.option("--manifest", is_flag=True, help="Print the manifest that is open, and do no more.")
@format_option
@reporting_errors
def verify(pipeline: str | None, *, all_pipelines: bool, manifest: bool, format_name: str) -> None:
    """Prove that PIPELINE's archive, database, files and S3 agree.

    Compares the archive with its manifests, the database, the CSV files and S3; changes nothing. S3 is left
    out, and stderr says so, where the pipeline publishes nothing or no credentials are found. Prints each
    difference with how to fix it. Exit code 0: no difference; 1: differences, or a pipeline that can't be
    verified; 2: misuse; 3: there is nothing to verify.

    \b
    Example:
      coin-pipelines verify bitcoin
      coin-pipelines verify --all --format json
      coin-pipelines verify bitcoin --manifest > data/archive/bitcoin/today.sha256
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    if manifest:
        if pipeline is None or all_pipelines:
            raise click.UsageError("name the pipeline whose open manifest is wanted")
        _print_manifest(load_pipeline(settings, pipeline), settings)
        return
    failures = Failures()
    found: dict[str, Verification] = {}
    for spec in choose(settings, pipeline, failures, all_pipelines=all_pipelines):
        try:
            found[spec.name] = _verify(spec, settings)
        except (CoinPipelinesError, OSError) as error:
            failures.tell(f"{spec.name}: failed: {failure_text(error)}")
    (_print_json if format_name == "json" else _print_text)(found)
    if failures.count or any(each.differences for each in found.values()):
        raise SystemExit(1)
    if all(each.is_of_nothing for each in found.values()):
        raise SystemExit(NOTHING)


def _verify(spec: PipelineSpec, settings: Settings) -> Verification:
    services = services_of(spec, settings)
    try:
        verification = verify_pipeline(spec, services)
    finally:
        services.database.close()
    if verification.s3_skipped and not verification.is_of_nothing:
        click.echo(f"{spec.name}: not compared with S3: {verification.s3_skipped}", err=True)
    return verification


def _print_manifest(spec: PipelineSpec, settings: Settings) -> None:
    services = Services.from_settings(settings)
    try:
        content = read_open_manifest(spec, services)
    finally:
        services.database.close()
    if not content:
        click.echo(f"{spec.name}: there is no manifest: the database has recorded nothing", err=True)
        raise SystemExit(NOTHING)
    click.echo(content.decode(), nl=False)


def _print_text(found: _Found) -> None:
    for name, verification in found.items():
        differences = verification.differences
        for difference in differences:
            click.echo(f"{name}: {difference.place}: {difference.reason} ({difference.fix})")
        if verification.is_of_nothing:
            click.echo(f"{name}: there is nothing to verify: archive and database are empty")
            continue
        click.echo(f"{name}: {counted(len(differences), 'difference') if differences else 'no differences'}")


def _print_json(found: _Found) -> None:
    objects = [
        {"pipeline": name, **asdict(difference)}
        for name, verification in found.items()
        for difference in verification.differences
    ]
    click.echo(json.dumps(objects, indent=2))
