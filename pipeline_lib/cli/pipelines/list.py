"""The command that names all pipelines."""

import json
from collections.abc import Collection, Sequence

import click

from pipeline_lib.cli.pipelines.chosen import Failures, choose
from pipeline_lib.cli.project import current_settings, reporting_errors
from pipeline_lib.cli.report_output import format_option
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Services
from pipeline_lib.steps.overview.inventory import KnownPipeline, list_pipelines

_HEADINGS = ("pipeline", "coins", "schedule", "moments", "newest")
_MOST_COINS = 3


@click.command()
@format_option
@reporting_errors
def list(format_name: str) -> None:  # noqa: A001 (the command's name)
    """Name all pipelines, those of specs and those of the database.

    The database may know some whose spec is gone. Shows coins, schedule, how many moments are recorded and
    the newest one. Exit code 0; 1 when a spec is invalid, which stderr then says.

    \b
    Example:
      coin-pipelines list
      coin-pipelines list --format json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    services = Services.from_settings(settings)
    failures = Failures()
    specs = choose(settings, None, failures, all_pipelines=True)
    try:
        found = list_pipelines(specs, services)
    finally:
        services.database.close()
    if format_name == "json":
        _print_json(found)
    else:
        _print_text(found, Catalog(settings.dag_configs_dir).names())
    if failures.count:
        raise SystemExit(1)


def _print_text(found: Sequence[KnownPipeline], with_file: Collection[str]) -> None:
    rows = [_HEADINGS, *(_texts(known, has_file=known.name in with_file) for known in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _texts(known: KnownPipeline, *, has_file: bool) -> tuple[str, ...]:
    newest = format_moment(known.newest) if known.newest else "none yet"
    schedule = str(known.schedule or ("invalid spec" if has_file else "no spec"))
    shown = ",".join(known.coins[:_MOST_COINS])
    more = len(known.coins) - _MOST_COINS
    coins = f"{shown} and {more} more" if more > 0 else shown
    return known.name, coins, schedule, str(known.moments), newest


def _print_json(found: Sequence[KnownPipeline]) -> None:
    objects = [
        {
            "pipeline": known.name,
            "coins": known.coins,
            "schedule": known.schedule.expression if known.schedule else None,
            "timezone": known.schedule.timezone if known.schedule else None,
            "moments": known.moments,
            "newest": known.newest and format_moment(known.newest),
        }
        for known in found
    ]
    click.echo(json.dumps(objects, indent=2))
