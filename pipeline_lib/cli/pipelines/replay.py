"""The command that rebuilds what the database and the files hold of a pipeline from its archive."""

import os
from collections.abc import Iterator

import click

from pipeline_lib.cli.failures import failure_text
from pipeline_lib.cli.pipelines.chosen import NOTHING, Failures, choose
from pipeline_lib.cli.progress import shown_progress
from pipeline_lib.cli.project import complete_names, current_settings, reporting_errors
from pipeline_lib.cli.waiting import SpokenWait
from pipeline_lib.common.counting import counted
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Services
from pipeline_lib.steps.replay import Replayed, adopt_archive
from pipeline_lib.steps.replay import replay as replay_archive


@click.command()
@click.argument("pipeline", required=False, shell_complete=complete_names)
@click.option("--all", "all_pipelines", is_flag=True, help="Replay every pipeline of the project.")
@click.option(
    "--adopt", is_flag=True, help="Make this database keep the archive, though another one kept it so far."
)
@reporting_errors
def replay(pipeline: str | None, *, all_pipelines: bool, adopt: bool) -> None:
    """Rebuild PIPELINE's rows and CSV files from its archive.

    Fills an empty database, also from the files of the version before, with its delivery records, open
    problems and refused answers; no alert is delivered twice. Runs may go on meanwhile.

    Exit code 0: everything is as the archive says; 1: a pipeline failed, a spec is invalid, or a
    snapshot or a file is damaged; 2: misuse; 3: there is nothing to replay.

    \b
    Example:
      coin-pipelines replay bitcoin
      coin-pipelines replay --all
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    failures = Failures()
    done = []
    for spec in choose(settings, pipeline, failures, all_pipelines=all_pipelines):
        try:
            replayed = _replay(spec, settings, adopt=adopt)
        except (CoinPipelinesError, OSError) as error:
            failures.tell(f"{spec.name}: failed: {failure_text(error)}")
            continue
        done.append(replayed)
        click.echo(f"{spec.name}: {_describe(replayed)}")
        for problem in _problems(replayed):
            failures.tell(f"{spec.name}: {problem}")
    if failures.count:
        raise SystemExit(1)
    if all(replayed.is_of_nothing for replayed in done):
        raise SystemExit(NOTHING)


def _replay(spec: PipelineSpec, settings: Settings, *, adopt: bool) -> Replayed:
    services = Services.from_settings(settings, SpokenWait()).for_pipeline(spec, os.environ)
    try:
        if adopt:
            adopt_archive(spec, services)
        with shown_progress(spec.name, "snapshots read") as progress:
            return replay_archive(spec, services, progress.show)
    finally:
        services.database.close()


def _describe(replayed: Replayed) -> str:
    if replayed.is_of_nothing:
        return "there is nothing to replay: the archive is empty"
    written, taken_over = replayed.written, replayed.taken_over
    parts = [counted(len(written.arrivals), "snapshot"), _describe_rows(replayed)]
    parts += [
        f"{counted(number, what)} taken over"
        for number, what in (
            (taken_over.deliveries, "delivery record"),
            (taken_over.problems, "open problem"),
            (taken_over.refused, "refused answer"),
        )
        if number
    ]
    if written.added and (source := _describe_order(replayed)):
        parts.append(source)
    return ", ".join(parts)


def _describe_rows(replayed: Replayed) -> str:
    written = replayed.written
    if written.is_rebuilt:
        return "rows replaced"
    if written.added:
        return f"{written.added:,} added"
    changed = [str(each.path.name) for each in replayed.files if each.exported and each.exported.changed]
    if replayed.statistics_changed:
        changed.insert(0, "statistics")
    return f"rebuilt {' and '.join(changed)}" if changed else "unchanged"


def _describe_order(replayed: Replayed) -> str:
    """How the order of what no manifest lists is known."""
    order = replayed.order
    sources = (
        (order.by_database, "the database"),
        (order.by_raw_log, "the raw log"),
        (order.by_request, "the time of request"),
    )
    used = [f"{count:,} by {source}" for count, source in sources if count]
    return f"order: {order.by_manifests:,} by manifests, {', '.join(used)}" if used else ""


def _problems(replayed: Replayed) -> Iterator[str]:
    yield from map(str, replayed.damaged)
    yield from (str(each.error) for each in replayed.files if each.error)
