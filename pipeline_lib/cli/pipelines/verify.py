"""The command that proves a pipeline's files against its archive."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from pipeline_lib.cli.project import chosen_pipelines, complete_names, current_settings, reporting_errors
from pipeline_lib.model.difference import Difference
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Services
from pipeline_lib.steps.verify import verify as verify_pipeline

_Differences = Mapping[str, Sequence[Difference]]


@click.command()
@click.argument("pipeline", required=False, shell_complete=complete_names)
@click.option("--all", "all_pipelines", is_flag=True, help="Verify every pipeline of the project.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
@reporting_errors
def verify(pipeline: str | None, *, all_pipelines: bool, format_name: str) -> None:
    """Prove that manifests, archive, raw log, processed table and S3 of PIPELINE agree; changes nothing.

    S3 is left out, and stderr says so, where the pipeline publishes nothing or no credentials are found.
    Prints each difference with how to fix it. Exit code 0: no difference; 1: differences; 2: misuse.

    \b
    Example:
      coin-pipelines verify bitcoin
      coin-pipelines verify --all --format json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    specs = chosen_pipelines(settings, pipeline, all_pipelines=all_pipelines)
    found = {spec.name: _verify(spec, settings) for spec in specs}
    if format_name == "json":
        _print_json(found)
    else:
        _print_text(found)
    if any(found.values()):
        raise SystemExit(1)


def _verify(spec: PipelineSpec, settings: Settings) -> tuple[Difference, ...]:
    verification = verify_pipeline(spec, Services.from_settings(settings).for_pipeline(spec, os.environ))
    if verification.s3_skipped:
        click.echo(f"{spec.name}: not compared with S3: {verification.s3_skipped}", err=True)
    return verification.differences


def _print_text(found: _Differences) -> None:
    for name, differences in found.items():
        for difference in differences:
            click.echo(f"{name}: {difference.place}: {difference.reason} ({difference.fix})")
        count = "1 difference" if len(differences) == 1 else f"{len(differences) or 'no'} differences"
        click.echo(f"{name}: {count}")


def _print_json(found: _Differences) -> None:
    objects = [
        {"pipeline": name, **asdict(difference)}
        for name, differences in found.items()
        for difference in differences
    ]
    click.echo(json.dumps(objects, indent=2))
