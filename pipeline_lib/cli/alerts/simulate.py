"""The command that says how many messages a setting would have sent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import click

from pipeline_lib.alerts.episodes import follow
from pipeline_lib.alerts.messages.wording import plain
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import policy_of
from pipeline_lib.cli.alerts.options import DecimalType, DurationType, ThresholdsType, coin_option
from pipeline_lib.cli.alerts.recorded import Recorded, choose_coin, read_recorded
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import BEGINNING, format_moment
from pipeline_lib.model.events import Event, EventKind
from pipeline_lib.specs import DeviationRule, SeriesSpec, Thresholds

_MINIMUM_PERCENT = Decimal(1)
_KINDS = tuple(EventKind)


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@coin_option
@click.option("--thresholds", type=ThresholdsType(), help="Percent over an hour and a day: 1h=3,24h=8.")
@click.option(
    "--clear-level", type=DecimalType(), help="Part of its threshold below which a move is over: 0.7."
)
@click.option("--cooldown", type=DurationType(), help="Remind after so long: 12h.")
@click.option(
    "--z-score", type=DecimalType(), help="Alert so many standard deviations from the mean, too: 4."
)
@click.option(
    "--robust-z-score",
    type=DecimalType(),
    help="Alert so many scaled median absolute deviations from the median, too: 6.",
)
@reporting_errors
def simulate(  # noqa: PLR0913, PLR0917 (the options of the command)
    pipeline: str,
    coin: str | None,
    thresholds: Thresholds | None,
    clear_level: Decimal | None,
    cooldown: timedelta | None,
    z_score: Decimal | None,
    robust_z_score: Decimal | None,
) -> None:
    """Count the messages that other settings would have sent.

    They are counted over PIPELINE's observations, by month and kind. What isn't given is as the spec says.
    All events of one moment are one message, so there may be fewer messages than events.

    \b
    Example:
      coin-pipelines alerts simulate bitcoin --thresholds 1h=3,24h=8
      coin-pipelines alerts simulate bitcoin --thresholds 1h=5,24h=10 --cooldown 12h --z-score 4
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    if clear_level is not None and clear_level > 1:
        raise click.BadParameter("a clear level is at most 1", param_hint="--clear-level")
    own = choose_coin(spec, coin)
    own = replace(
        own,
        thresholds=thresholds or own.thresholds,
        alerts=replace(
            own.alerts,
            clear_level=clear_level or own.alerts.clear_level,
            cooldown=cooldown or own.alerts.cooldown,
            z_score=_limited(own, own.alerts.z_score, z_score),
            robust_z_score=_limited(own, own.alerts.robust_z_score, robust_z_score),
        ),
    )
    recorded = read_recorded(spec, own, settings)
    if not recorded.observations:
        raise click.ClickException(f"{pipeline} has no observations yet; there is nothing to simulate over")
    for line in _report(recorded):
        click.echo(line)


def _limited(spec: SeriesSpec, rule: DeviationRule | None, limit: Decimal | None) -> DeviationRule | None:
    if limit is None:
        return rule
    return replace(rule, limit=limit) if rule else DeviationRule(spec.windows[-1], limit, _MINIMUM_PERCENT)


def _report(recorded: Recorded) -> Iterator[str]:
    spec, rows = recorded.spec, recorded.observations
    events = list(_events(recorded))
    span = f"{format_moment(rows[0].moment)} to {format_moment(rows[-1].moment)}"
    subject = spec.pipeline if spec.pipeline == spec.coin else f"{spec.pipeline}, {spec.coin}"
    yield f"{subject}: {counted(len(rows), 'observation')}, {span}"
    cooldown = spec.alerts.cooldown or "none"
    yield f"clear level {plain(spec.alerts.clear_level)}, cooldown {cooldown}"
    yield ""
    yield _row("month", ["messages", *(kind.value for kind in _KINDS)])
    months = sorted({_month(row.moment) for row in rows})
    for month in months:
        yield _counts(month, [event for event in events if _month(event.moment) == month])
    yield _counts("all", events)
    yield ""
    for rule in rules_of(spec):
        info = rule.info
        count = sum(event.kind is EventKind.FIRED for event in events if event.rule == info)
        yield f"{plain(info.threshold)} {info.unit} {info.scope}: {counted(count, 'episode')}"
    yield f"{len({event.moment for event in events}) / len(months):.1f} messages a month"


def _events(recorded: Recorded) -> Iterator[Event]:
    spec, rows = recorded.spec, recorded.observations
    for rule in rules_of(spec):
        policy = policy_of(spec, rule, recorded.absences)
        for transition in follow(rule.readings(rows, BEGINNING), rule.info, policy):
            if transition.event:
                yield transition.event


def _counts(title: str, events: Sequence[Event]) -> str:
    kinds = Counter(event.kind for event in events)
    messages = len({event.moment for event in events})
    return _row(title, [f"{messages:,}", *(f"{kinds[kind]:,}" for kind in _KINDS)])


def _row(title: str, cells: Sequence[str]) -> str:
    return f"{title:<8}" + "".join(f"{cell:>10}" for cell in cells)


def _month(moment: datetime) -> str:
    return format_moment(moment)[:7]
