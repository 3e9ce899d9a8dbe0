"""The command that proves a pipeline's files against its archive."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial

import click

from pipeline_lib.cli.project import chosen_pipelines, complete_names, current_settings, reporting_errors
from pipeline_lib.errors import S3RefusedError, S3UnavailableError, TableDamagedError
from pipeline_lib.model.difference import Check, Difference
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import Destination
from pipeline_lib.publishing.s3.verification import compare_with_s3
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps import Services
from pipeline_lib.steps.upload import find_destination
from pipeline_lib.steps.verify import local_checks


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

    S3 is left out, with a word on stderr, where the pipeline publishes nothing or no credentials are found.
    Prints each difference with a way to mend it. Exit code 0: no difference; 1: differences; 2: misuse.

    \b
    Example:
      coin-pipelines verify bitcoin
      coin-pipelines verify --all --format json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    specs = chosen_pipelines(settings, pipeline, all_pipelines=all_pipelines)
    found = {spec.name: _differences(_checks(spec, settings)) for spec in specs}
    if format_name == "json":
        _print_json(found)
    else:
        _print_text(found)
    if any(found.values()):
        raise SystemExit(1)


def _checks(spec: PipelineSpec, settings: Settings) -> list[Check]:
    layout = Layout.of(spec.name, settings)
    checks = [*local_checks(layout, spec.windows)]
    services = Services.from_settings(settings).for_pipeline(spec, os.environ)
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        click.echo(f"{spec.name}: not compared with S3: {destination.reason}", err=True)
    else:
        checks.append(partial(_compare_with_s3, layout, destination))
    return checks


def _compare_with_s3(layout: Layout, destination: Destination) -> Iterator[Difference]:
    # What can't be compared is not proved; the other places still are.
    try:
        yield from compare_with_s3(layout, destination)
    except (S3UnavailableError, S3RefusedError) as error:
        place = destination.bucket.location(destination.prefix)
        yield Difference(place, f"can't be compared: {error.message}", error.hint or "try again later")
    except TableDamagedError as error:
        # Told by the check of the table itself.
        click.echo(f"{destination.name}: not compared with S3: {error.message}", err=True)


def _differences(checks: Sequence[Check]) -> list[Difference]:
    return [difference for check in checks for difference in check()]


def _print_text(found: dict[str, list[Difference]]) -> None:
    for name, differences in found.items():
        for difference in differences:
            click.echo(f"{name}: {difference.place}: {difference.reason} ({difference.fix})")
        count = "1 difference" if len(differences) == 1 else f"{len(differences) or 'no'} differences"
        click.echo(f"{name}: {count}")


def _print_json(found: dict[str, list[Difference]]) -> None:
    objects = [
        {"pipeline": name, **asdict(difference)}
        for name, differences in found.items()
        for difference in differences
    ]
    click.echo(json.dumps(objects, indent=2))
