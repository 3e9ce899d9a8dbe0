"""The command that fills in the past of pipelines."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

import click

from pipeline_lib import steps
from pipeline_lib.cli.connections import require_connections, s3_connection, with_connections
from pipeline_lib.cli.failures import failure_text
from pipeline_lib.cli.pipelines.attempts import attempt
from pipeline_lib.cli.pipelines.chosen import NOTHING, Failures, choose
from pipeline_lib.cli.progress import shown_progress
from pipeline_lib.cli.project import (
    MOMENT,
    complete_names,
    current_settings,
    load_pipeline,
    reporting_errors,
)
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.errors import CoinPipelinesError, StoreError, UnusableAnswerError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.steps.backfill import DERIVING_STEPS, BackfillSummary, FillStatus, fill_in
from pipeline_lib.steps.backfilling.plan import BackfillPlan, expected_time, plan_backfills
from pipeline_lib.steps.fetching.record import open_archive

_INTERRUPTED = 130
_MOST_MOMENTS_SHOWN = 5
# Each takes about 110 bytes of memory from the plan to the end.
_MOST_MOMENTS = 2_000_000
# What takes seconds to look through is announced.
_MANY_MOMENTS = 100_000
# What is wrong with one pipeline; anything else would fail for the next one, too.
_OF_ONE_PIPELINE = (UnusableAnswerError, StoreError)


@dataclass(slots=True)
class _Backfill:
    """One pipeline's backfill, as far as it is.

    Attributes:
        plan: What it is to do.
        summary: What became of its moments.
        is_derived: Whether tables and uploads have all of it.
    """

    plan: BackfillPlan
    summary: BackfillSummary = field(default_factory=BackfillSummary)
    is_derived: bool = True


@click.command()
@click.argument("names", metavar="[PIPELINE]...", nargs=-1, shell_complete=complete_names)
@click.option("--all", "all_pipelines", is_flag=True, help="Fill in every pipeline of the project.")
@click.option(
    "--from",
    "start",
    type=MOMENT,
    required=True,
    help="The first moment to fill in: 2026-02-05T14:00:00Z, or 2026-02-05 for its midnight (UTC).",
)
@click.option(
    "--to",
    "end",
    type=MOMENT,
    help="The last moment to fill in, instead of now. A date is its midnight, not the whole day.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many calls and minutes it takes.")
@reporting_errors
def backfill(
    names: tuple[str, ...], *, all_pipelines: bool, start: datetime, end: datetime | None, dry_run: bool
) -> None:
    """Fill in the past of each PIPELINE from CoinGecko's history.

    Every moment of the schedule from --from to --to is filled in; the first lines say how many calls that
    takes. What the archive holds already is left as it is and not asked for, so a backfill that was stopped
    goes on where it was. It waits when CoinGecko, or the quota, asks for it. Nobody is alerted. Then the
    tables are written and published once. When --from and --to are the same moment, that one is filled in, on
    the schedule or not.

    No moment before the spec's start_date is filled in. The last line says what is missing. Exit code 0:
    every moment has a price, or CoinGecko has none of it; 1: moments or steps failed, or were not tried, or a
    spec is invalid; 2: misuse; 3: there is no pipeline; 130: stopped by Ctrl-C.

    \b
    Example:
      coin-pipelines backfill bitcoin --from 2026-02-01 --to 2026-02-28T23:00:00Z
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    failures = Failures()
    specs = _chosen(settings, names, failures, all_pipelines=all_pipelines)
    if not specs:
        click.echo("there is no pipeline to fill in: no spec is valid", err=True)
        raise SystemExit(1 if failures.count else NOTHING)
    services = steps.Services.from_settings(settings)
    with closing(services.database):
        if not dry_run:
            require_connections(*map(s3_connection, specs))
            for spec in specs:
                open_archive(spec, services)
        plans = plan_backfills(_spans(specs, start, end, to_moment(services.now())), services)
        for line in _describe_plans(plans, settings):
            click.echo(line)
        if not dry_run:
            _fill_in_all([_Backfill(plan) for plan in plans], services)
    if failures.count:
        raise SystemExit(1)


def _chosen(
    settings: Settings, names: Sequence[str], failures: Failures, *, all_pipelines: bool
) -> Sequence[PipelineSpec]:
    if names and not all_pipelines:
        return [load_pipeline(settings, name) for name in dict.fromkeys(names)]
    return choose(settings, names[0] if names else None, failures, all_pipelines=all_pipelines)


def _spans(
    specs: Sequence[PipelineSpec], start: datetime, end: datetime | None, now: datetime
) -> list[tuple[PipelineSpec, Sequence[datetime]]]:
    """The pipelines that have moments in the span, with these."""
    if end is not None and end > now:
        click.echo(f"--to lies in the future: filling in up to now, {format_moment(now)}", err=True)
    last = now if end is None else min(end, now)
    if start > last:
        raise click.UsageError(f"--from {format_moment(start)} lies after {format_moment(last)}")
    spans: list[tuple[PipelineSpec, Sequence[datetime]]] = []
    if start == last:
        spans += [(spec, [start]) for spec in specs if _first_moment(spec, start) == start]
        if not spans:
            raise click.UsageError(f"no pipeline has a run of {format_moment(start)}")
        return spans
    room = _MOST_MOMENTS
    for spec in specs:
        first = _first_moment(spec, start)
        moments = list(islice(moments_between(spec.schedule, first, last), room + 1))
        if len(moments) > room:
            raise click.UsageError(_describe_excess(specs, start, last))
        room -= len(moments)
        spans.append((spec, moments))
    if room < _MOST_MOMENTS - _MANY_MOMENTS:
        click.echo(f"looking which of {_MOST_MOMENTS - room:,} moments are missing", err=True)
    if not any(moments for _, moments in spans):
        raise click.UsageError(
            f"{specs[0].name} has no moment of {specs[0].schedule} from"
            f" {format_moment(max(start, specs[0].start_date))} to {format_moment(last)}"
        )
    return [(spec, moments) for spec, moments in spans if moments]


def _first_moment(spec: PipelineSpec, start: datetime) -> datetime:
    """From when on a pipeline is filled in (UTC): nothing before its start_date, which is then said."""
    if start < spec.start_date:
        begins = format_moment(spec.start_date)
        click.echo(f"{spec.name}: it has runs from {begins} on (start_date in its spec)", err=True)
    return max(start, spec.start_date)


def _describe_excess(specs: Sequence[PipelineSpec], start: datetime, last: datetime) -> str:
    who = f"{specs[0].name} has" if len(specs) == 1 else f"the {len(specs):,} pipelines have"
    return (
        f"{who} more than {_MOST_MOMENTS:,} moments from {format_moment(start)} to {format_moment(last)}, "
        "and one backfill takes no more (fill in a shorter span first)"
    )


def _describe_plans(plans: Sequence[BackfillPlan], settings: Settings) -> list[str]:
    lines = [
        f"{plan.spec.name}: {_describe_work(len(plan.missing), plan.calls, settings)}"
        f" ({len(plan.moments) - len(plan.missing):,} of {len(plan.moments):,} are there)"
        for plan in plans
    ]
    if len(plans) > 1:
        missing, calls = sum(len(plan.missing) for plan in plans), sum(plan.calls for plan in plans)
        lines.append(f"together: {_describe_work(missing, calls, settings)}")
    return lines


def _describe_work(missing: int, calls: int, settings: Settings) -> str:
    allowed = settings.coingecko_plan.per_minute if settings.coingecko_plan else max(calls, 1)
    time = expected_time(calls, missing, allowed)
    return f"{counted(missing, 'moment')} to fill in, {counted(calls, 'call')} of CoinGecko, {_minutes(time)}"


def _minutes(time: timedelta) -> str:
    minutes = round(time / timedelta(minutes=1))
    return f"about {counted(minutes, 'minute')}" if minutes else "less than a minute"


def _fill_in_all(backfills: Sequence[_Backfill], services: steps.Services) -> None:
    try:
        for each in backfills:
            if not _fill_in(each, services):
                break
    except KeyboardInterrupt:
        click.echo(f"\nstopped: {_describe_missing(backfills)}", err=True)
        click.echo("the same command goes on from there, and then makes the tables", err=True)
        raise SystemExit(_INTERRUPTED) from None
    click.echo(_describe_missing(backfills))
    if not all(map(_is_complete, backfills)):
        raise SystemExit(1)


def _fill_in(backfill: _Backfill, services: steps.Services) -> bool:
    """Fill in one pipeline; whether the next one is worth trying."""
    plan, summary, stopped_by = backfill.plan, backfill.summary, None
    name, count = plan.spec.name, len(plan.moments)
    with shown_progress(name, "moments filled in") as progress:
        try:
            for done, filled in enumerate(fill_in(plan, services, progress.wait), 1):
                summary.add(filled)
                progress.show(done, count)
        except (CoinPipelinesError, OSError) as error:
            stopped_by = error
    _report(name, summary, count)
    if stopped_by is not None:
        click.echo(f"{name}: stopped: {failure_text(stopped_by)}", err=True)
    backfill.is_derived = _derive(plan.spec, summary, services)
    return stopped_by is None or isinstance(stopped_by, _OF_ONE_PIPELINE)


def _report(name: str, summary: BackfillSummary, count: int) -> None:
    observed, archived, gaps, failed = (len(summary.moments[status]) for status in FillStatus)
    parts = f"{observed:,} observed, {archived:,} there already, {counted(gaps, 'gap')}, {failed:,} failed"
    click.echo(f"{name}: {parts} of {counted(count, 'moment')}")
    if gaps:
        click.echo(f"{name}: CoinGecko has no price of {_some(summary.moments[FillStatus.GAP])}")
    for warning in summary.warnings:
        click.echo(f"warning: {warning}", err=True)
    for moment, reason in list(summary.failures.items())[:_MOST_MOMENTS_SHOWN]:
        click.echo(f"{name}: {format_moment(moment)} failed: {reason}", err=True)
    if failed > _MOST_MOMENTS_SHOWN:
        click.echo(f"{name}: and {failed - _MOST_MOMENTS_SHOWN:,} more failed", err=True)


def _some(moments: Sequence[datetime]) -> str:
    shown = ", ".join(map(format_moment, moments[:_MOST_MOMENTS_SHOWN]))
    left = len(moments) - _MOST_MOMENTS_SHOWN
    return f"{shown} and {left:,} more" if left > 0 else shown


def _derive(spec: PipelineSpec, summary: BackfillSummary, services: steps.Services) -> bool:
    last = summary.last_with_price
    if last is None:
        return True
    run = steps.Run(last, is_backfill=True)
    connected = with_connections(services, spec)
    return None not in [attempt(step, spec, run, connected) for step in DERIVING_STEPS]


def _is_complete(backfill: _Backfill) -> bool:
    """Whether the same command could do no more."""
    is_tried = backfill.summary.count == len(backfill.plan.moments)
    return is_tried and not backfill.summary.failures and backfill.is_derived


def _describe_missing(backfills: Sequence[_Backfill]) -> str:
    count = sum(len(each.plan.moments) for each in backfills)
    tried = sum(each.summary.count for each in backfills)
    gaps, failed = (
        sum(len(each.summary.moments[status]) for each in backfills)
        for status in (FillStatus.GAP, FillStatus.FAILED)
    )
    parts = ((gaps, "without a price at CoinGecko"), (failed, "failed"), (count - tried, "not tried"))
    missing = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    if not missing:
        return f"missing: none of {counted(count, 'moment')}"
    return f"missing: {gaps + failed + count - tried:,} of {counted(count, 'moment')}: {missing}"
