"""The command that fills in the past of a pipeline."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click

from pipeline_lib import steps
from pipeline_lib.cli.pipelines.attempts import attempt
from pipeline_lib.cli.project import MOMENT, complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.errors import (
    CoinPipelinesError,
    HistoryNotReadyError,
    InvalidQuoteError,
    SnapshotDamagedError,
)
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.steps.fetching.past import require_reach

_INTERRUPTED = 130
_MOST_MOMENTS_SHOWN = 5
# What is wrong with one moment is not wrong with the next; anything else would only come again.
_OF_ONE_MOMENT = (HistoryNotReadyError, InvalidQuoteError, SnapshotDamagedError)


@dataclass(slots=True)
class _Progress:
    """What has become of the moments so far."""

    observed: list[datetime] = field(default_factory=list)
    archived: list[datetime] = field(default_factory=list)
    gaps: list[datetime] = field(default_factory=list)
    failures: dict[datetime, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@click.option(
    "--from",
    "start",
    type=MOMENT,
    required=True,
    help="The first moment to fill in, such as 2026-02-05T14:00:00Z.",
)
@click.option("--to", "end", type=MOMENT, help="The last moment to fill in, instead of now.")
@reporting_errors
def backfill(pipeline: str, start: datetime, end: datetime | None) -> None:
    """Fill in the past of PIPELINE: every moment of its schedule from --from to --to.

    Prices come from CoinGecko's history. What the archive holds already is left as it is, so a backfill
    that was stopped goes on where it was. Nobody is alerted. Then the tables are made and published once.
    The exit code is 1 when a moment or a step failed, 130 after Ctrl-C; gaps in the history are no failure.

    \b
    Example:
      coin-pipelines backfill bitcoin --from 2026-02-01T00:00:00Z --to 2026-02-28T23:00:00Z
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    services = steps.Services.from_settings(settings)
    moments = _moments(spec, start, end, to_moment(datetime.now(UTC)))
    layout = Layout.of(spec.name, settings)
    missing = next((moment for moment in moments if not layout.snapshot_json(moment).exists()), None)
    if missing is not None:
        require_reach(spec, missing, services)
    progress = _Progress()
    try:
        succeeded = _fill_in(spec, moments, services, progress)
    except KeyboardInterrupt:
        click.echo(f"\nstopped: {_counted(progress)} of {len(moments)} moments", err=True)
        click.echo("the same command goes on from there, and then makes the tables", err=True)
        raise SystemExit(_INTERRUPTED) from None
    if not succeeded:
        raise SystemExit(1)


def _fill_in(
    spec: PipelineSpec, moments: Sequence[datetime], services: steps.Services, progress: _Progress
) -> bool:
    """Fetch all moments and make what follows from them; whether nothing failed."""
    stopped_by = None
    try:
        _fetch_all(spec, moments, services, progress)
    except (CoinPipelinesError, OSError) as error:
        stopped_by = error
    _report(progress, len(moments))
    if stopped_by is not None:
        click.echo(f"stopped: {stopped_by}", err=True)
    has_derived = _derive(spec, progress, services)
    return has_derived and stopped_by is None and not progress.failures


def _moments(spec: PipelineSpec, start: datetime, end: datetime | None, now: datetime) -> Sequence[datetime]:
    if end is not None and end > now:
        click.echo(f"--to lies in the future: filling in up to now, {format_moment(now)}", err=True)
    last = now if end is None else min(end, now)
    if start > last:
        raise click.UsageError(f"--from {format_moment(start)} lies after {format_moment(last)}")
    moments = list(moments_between(spec.schedule, start, last))
    if not moments:
        raise click.UsageError(
            f"{spec.schedule} has no moment from {format_moment(start)} to {format_moment(last)}"
        )
    return moments


def _fetch_all(
    spec: PipelineSpec, moments: Sequence[datetime], services: steps.Services, progress: _Progress
) -> None:
    layout = Layout.of(spec.name, services.settings)
    label = f"{spec.name}: {len(moments)} moments"
    with click.progressbar(moments, label=label, file=sys.stderr) as shown:
        for moment in shown:
            was_archived = layout.snapshot_json(moment).exists()
            try:
                outcome = steps.fetch_and_save_price(spec, steps.Run(moment, is_backfill=True), services)
            except _OF_ONE_MOMENT as error:
                progress.failures[moment] = str(error)
                continue
            if isinstance(outcome, Skipped):
                progress.gaps.append(moment)
                continue
            (progress.archived if was_archived else progress.observed).append(moment)
            progress.warnings += [text for text in outcome.warnings if text not in progress.warnings]


def _report(progress: _Progress, count: int) -> None:
    click.echo(f"{_counted(progress)} of {count} moments")
    if progress.gaps:
        click.echo(f"CoinGecko has no price of {_some(progress.gaps)}")
    for warning in progress.warnings:
        click.echo(f"warning: {warning}", err=True)
    for moment, reason in list(progress.failures.items())[:_MOST_MOMENTS_SHOWN]:
        click.echo(f"{format_moment(moment)} failed: {reason}", err=True)
    if len(progress.failures) > _MOST_MOMENTS_SHOWN:
        click.echo(f"and {len(progress.failures) - _MOST_MOMENTS_SHOWN} more failed", err=True)


def _counted(progress: _Progress) -> str:
    return (
        f"{len(progress.observed)} observed, {len(progress.archived)} there already,"
        f" {len(progress.gaps)} gaps, {len(progress.failures)} failed"
    )


def _some(moments: Sequence[datetime]) -> str:
    shown = ", ".join(map(format_moment, moments[:_MOST_MOMENTS_SHOWN]))
    left = len(moments) - _MOST_MOMENTS_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown


def _derive(spec: PipelineSpec, progress: _Progress, services: steps.Services) -> bool:
    """Run the steps behind the fetch once, at the last moment that has a price; whether none failed."""
    last = max([*progress.observed, *progress.archived], default=None)
    if last is None:
        return True
    run = steps.Run(last, is_backfill=True)
    derived = (steps.compute_moving_average, steps.upload_raw_to_s3, steps.upload_processed_csv_to_s3)
    return None not in [attempt(step, spec, run, services) for step in derived]
