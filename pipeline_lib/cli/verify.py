"""The command that proves a pipeline's files against its archive."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from pipeline_lib.cli.project import chosen_pipelines, complete_names, current_settings, reporting_errors
from pipeline_lib.settings import Settings
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.store.difference import Check, Difference
from pipeline_lib.store.layout import Layout
from pipeline_lib.verifying import local_checks


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
    """Prove that manifests, archive, raw log and processed table of PIPELINE agree; changes nothing.

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
    return [*local_checks(Layout.of(spec.name, settings), spec.windows)]


def _differences(checks: Sequence[Check]) -> list[Difference]:
    return [difference for check in checks for difference in check()]


def _print_text(found: dict[str, list[Difference]]) -> None:
    for name, differences in found.items():
        for difference in differences:
            click.echo(f"{name}: {difference.place}: {difference.reason} ({difference.mend})")
        count = "1 difference" if len(differences) == 1 else f"{len(differences) or 'no'} differences"
        click.echo(f"{name}: {count}")


def _print_json(found: dict[str, list[Difference]]) -> None:
    objects = [
        {"pipeline": name, **asdict(difference)}
        for name, differences in found.items()
        for difference in differences
    ]
    click.echo(json.dumps(objects, indent=2))
