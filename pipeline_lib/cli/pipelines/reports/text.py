"""For people: a line for each series, then one for each problem."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import click

from pipeline_lib.alerts.messages.wording import duration, price_text
from pipeline_lib.cli.places import printable
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.steps.overview.status import (
    PipelineStatus,
    Problem,
    S3Status,
    SeriesStatus,
    SpecState,
    Status,
)

_HEADINGS = (
    "pipeline",
    "series",
    "schedule",
    "newest",
    "age",
    "price",
    "1h",
    "24h",
    "gaps",
    "episodes",
    "undelivered",
    "open problems",
    "quarantined",
    "S3",
)
_UNKNOWN = "-"


def report(status: Status) -> str:
    """The series as a table, the problems with what to do, and how many there are; styled for a terminal."""
    lines = [*_table(status.pipelines), *_problems(status)]
    return "".join(f"{line}\n" for line in lines)


def _table(pipelines: Sequence[PipelineStatus]) -> Iterator[str]:
    rows = [row for pipeline in pipelines for row in _rows(pipeline)]
    if not rows:
        return
    cells = [_HEADINGS, *(cells for cells, _ in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield click.style(_aligned(_HEADINGS, widths), bold=True)
    for row, needs_a_person in rows:
        line = _aligned(row, widths)
        yield click.style(line, fg="red") if needs_a_person else line


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, cells, widths)).rstrip()


def _rows(pipeline: PipelineStatus) -> Iterator[tuple[Sequence[str], bool]]:
    """The cells of each series, and whether it, or its pipeline, needs a person."""
    without = "no spec" if pipeline.spec is SpecState.GONE else "invalid spec"
    schedule = str(pipeline.schedule) if pipeline.schedule else without
    open_problems, s3 = str(len(pipeline.open_problems)), _s3(pipeline.s3)
    for series in pipeline.series:
        cells = (
            pipeline.name,
            f"{series.coin}/{series.vs_currency}",
            schedule if series.is_in_spec or not pipeline.schedule else "not in spec",
            format_moment(series.moment) if series.moment else "none yet",
            duration(series.age) if series.age is not None else _UNKNOWN,
            price_text(series.price) if series.price is not None else _UNKNOWN,
            _percent(series.change_1h_percent),
            _percent(series.change_24h_percent),
            str(len(series.gaps)) if series.gaps is not None else _UNKNOWN,
            ", ".join(f"{each.rule.name} {each.value:+.2f}" for each in series.episodes) or _UNKNOWN,
            str(series.undelivered),
            open_problems,
            str(series.quarantined),
            s3,
        )
        yield cells, bool(pipeline.problems or series.problems)


def _percent(move: Decimal | None) -> str:
    return _UNKNOWN if move is None else f"{move:+.2f} %"


def _s3(s3: S3Status | None) -> str:
    if s3 is None:
        return _UNKNOWN
    if s3.published_at is None:
        return "nothing yet"
    return f"{s3.behind} behind" if s3.behind else "complete"


def _problems(status: Status) -> Iterator[str]:
    count = 0
    for place, problem in _placed(status):
        count += 1
        name = f"{click.style(f'{printable(place)}:', bold=True)} " if place else ""
        text = click.style(printable(problem.text), fg="red")
        yield f"{name}{text}{click.style(f' ({printable(problem.to_do)})', dim=True)}"
    yield _summary(status, count)


def _summary(status: Status, problems: int) -> str:
    if problems:
        return click.style(f"{counted(problems, 'problem')} to look at", bold=True)
    if status.is_of_nothing:
        return click.style("there is no pipeline with a spec to look at", bold=True)
    return click.style(f"{counted(status.checked, 'pipeline')}, nothing needs a person", fg="green")


def _placed(status: Status) -> Iterator[tuple[str, Problem]]:
    """Each problem with the pipeline that it is of; an empty string for none."""
    for problem in status.problems:
        yield "", problem
    for pipeline in status.pipelines:
        for problem in pipeline.problems:
            yield pipeline.name, problem
        for series in pipeline.series:
            for problem in series.problems:
                yield _place(pipeline, series), problem


def _place(pipeline: PipelineStatus, series: SeriesStatus) -> str:
    return f"{pipeline.name} {series.coin}/{series.vs_currency}"
