"""The command that fills in the past of a pipeline."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from pipeline_lib import steps
from pipeline_lib.cli.connections import require_connections, s3_connection, services_of
from pipeline_lib.cli.pipelines.attempts import attempt
from pipeline_lib.cli.project import MOMENT, complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.steps.backfill import DERIVING_STEPS, BackfillSummary, FillStatus, fill_in, require_history

_INTERRUPTED = 130
_MOST_MOMENTS_SHOWN = 5


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
    that was stopped goes on where it was. Nobody is alerted. Then the tables are written and published once.
    The exit code is 1 when a moment or a step failed, 130 after Ctrl-C; gaps in the history are no failure.

    \b
    Example:
      coin-pipelines backfill bitcoin --from 2026-02-01T00:00:00Z --to 2026-02-28T23:00:00Z
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    require_connections(s3_connection(spec))
    services = services_of(spec, settings)
    moments = _moments(spec, start, end, to_moment(datetime.now(UTC)))
    require_history(spec, moments, services)
    summary = BackfillSummary()
    try:
        succeeded = _fill_in(spec, moments, services, summary)
    except KeyboardInterrupt:
        click.echo(f"\nstopped: {_counted(summary)} of {len(moments)} moments", err=True)
        click.echo("the same command goes on from there, and then makes the tables", err=True)
        raise SystemExit(_INTERRUPTED) from None
    if not succeeded:
        raise SystemExit(1)


def _fill_in(
    spec: PipelineSpec, moments: Sequence[datetime], services: steps.Services, summary: BackfillSummary
) -> bool:
    stopped_by = None
    label = f"{spec.name}: {len(moments)} moments"
    filled = fill_in(spec, moments, services)
    try:
        with click.progressbar(filled, length=len(moments), label=label, file=sys.stderr) as shown:
            for each in shown:
                summary.add(each)
    except (CoinPipelinesError, OSError) as error:
        stopped_by = error
    _report(summary, len(moments))
    if stopped_by is not None:
        click.echo(f"stopped: {stopped_by}", err=True)
    has_derived = _derive(spec, summary, services)
    return has_derived and stopped_by is None and not summary.failures


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


def _report(summary: BackfillSummary, count: int) -> None:
    click.echo(f"{_counted(summary)} of {count} moments")
    gaps = summary.moments[FillStatus.GAP]
    if gaps:
        click.echo(f"CoinGecko has no price of {_some(gaps)}")
    for warning in summary.warnings:
        click.echo(f"warning: {warning}", err=True)
    for moment, reason in list(summary.failures.items())[:_MOST_MOMENTS_SHOWN]:
        click.echo(f"{format_moment(moment)} failed: {reason}", err=True)
    if len(summary.failures) > _MOST_MOMENTS_SHOWN:
        click.echo(f"and {len(summary.failures) - _MOST_MOMENTS_SHOWN} more failed", err=True)


def _counted(summary: BackfillSummary) -> str:
    observed, archived, gaps, failed = (len(summary.moments[status]) for status in FillStatus)
    return f"{observed} observed, {archived} there already, {gaps} gaps, {failed} failed"


def _some(moments: Sequence[datetime]) -> str:
    shown = ", ".join(map(format_moment, moments[:_MOST_MOMENTS_SHOWN]))
    left = len(moments) - _MOST_MOMENTS_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown


def _derive(spec: PipelineSpec, summary: BackfillSummary, services: steps.Services) -> bool:
    last = summary.last_with_price
    if last is None:
        return True
    run = steps.Run(last, is_backfill=True)
    return None not in [attempt(step, spec, run, services) for step in DERIVING_STEPS]
