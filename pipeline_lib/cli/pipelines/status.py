"""The command that shows how pipelines are, and what needs a person."""

from collections.abc import Mapping
from dataclasses import replace

import click

from pipeline_lib.cli.pipelines.chosen import NOTHING
from pipeline_lib.cli.pipelines.reports import Report, json, text
from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.cli.project import complete_names, current_settings, reporting_errors
from pipeline_lib.cli.report_output import format_option, print_report
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.specs.pipelines import load_pipelines
from pipeline_lib.steps import Services
from pipeline_lib.steps.overview.reading import read_status
from pipeline_lib.steps.overview.status import Status

_REPORTS: Mapping[str, Report] = {"text": text.report, "json": json.report}


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_names)
@click.option("--problems", is_flag=True, help="Show only what needs a person.")
@format_option
@reporting_errors
def status(names: tuple[str, ...], *, problems: bool, format_name: str) -> None:
    """Show how pipelines are, and what needs a person.

    Shows newest price, moves, gaps, alerts, problems and S3 of all pipelines, or of the NAMEs. A pipeline
    that the database knows and whose spec is gone is shown, and is no problem. Exit code 0: nothing needs a
    person; 1: something does, or the status can't be read; 2: misuse; 3: there is no pipeline with a spec to
    look at.

    \b
    Example:
      coin-pipelines status
      coin-pipelines status bitcoin ethereum
      coin-pipelines status --problems --format json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    with collecting_no_garbage():
        found = _read(names)
    shown = found.needing_a_person() if problems else found
    print_report(_REPORTS[format_name](shown))
    if found.needs_a_person:
        raise SystemExit(1)
    if found.is_of_nothing:
        raise SystemExit(NOTHING)


def _read(names: tuple[str, ...]) -> Status:
    settings = current_settings()
    loaded = load_pipelines(settings)
    services = Services.from_settings(settings)
    shown = replace(loaded, diagnostics=with_shown_files(loaded.diagnostics))
    try:
        return read_status(shown, names, services)
    finally:
        services.database.close()
