"""The command that lists episodes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import click

from pipeline_lib.alerts.past_episodes import PastEpisode, past_episodes
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import policy_of
from pipeline_lib.cli.alerts.options import coin_option
from pipeline_lib.cli.alerts.recorded import Recorded, choose_coin, read_recorded
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import BEGINNING, format_moment
from pipeline_lib.model.events import DeliveryStatus, Event, EventKey

Statuses: TypeAlias = Mapping[EventKey, DeliveryStatus]


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@coin_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@reporting_errors
def history(pipeline: str, coin: str | None, output_format: str) -> None:
    """List PIPELINE's episodes and what became of their messages.

    The episodes are those of the spec as it is now. A message is pending, sending (no answer came yet),
    delivered, undelivered, expired, backfilled, or unknown (its record is lost). An episode whose end lies in
    a gap without observations ends as unknown.

    \b
    Example:
      coin-pipelines alerts history bitcoin
      coin-pipelines alerts history bitcoin --format json
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    recorded = read_recorded(spec, choose_coin(spec, coin), settings)
    statuses = {each.event.key: each.status for each in recorded.events}
    episodes = _episodes(recorded)
    if output_format == "json":
        click.echo(json.dumps([_fields(episode, statuses) for episode in episodes], indent=1))
        return
    for episode in episodes:
        click.echo(_line(episode, statuses))
    click.echo(counted(len(episodes), "episode"))


def _episodes(recorded: Recorded) -> list[PastEpisode]:
    spec, rows = recorded.spec, recorded.observations
    episodes: Iterator[PastEpisode] = (
        episode
        for rule in rules_of(spec)
        for episode in past_episodes(
            rule.readings(rows, BEGINNING), rule.info, policy_of(spec, rule, recorded.absences)
        )
    )
    return sorted(episodes, key=lambda episode: episode.events[0].moment)


def _line(episode: PastEpisode, statuses: Statuses) -> str:
    first = episode.events[0]
    end = format_moment(episode.ended) if episode.ended else _open_end(episode).ljust(20)
    messages = ", ".join(f"{event.kind.value} {_status(event, statuses)}" for event in episode.events)
    peak = f"{episode.peak:+.2f} {first.rule.unit}"
    return f"{format_moment(first.moment)}  {end}  {first.rule.name:<4}  {peak:>10}  {messages}"


def _open_end(episode: PastEpisode) -> str:
    return "unknown" if episode.ends_in_gap else "goes on"


def _fields(episode: PastEpisode, statuses: Statuses) -> dict[str, Any]:
    first = episode.events[0]
    return {
        "rule": first.rule.name,
        "began": format_moment(first.moment),
        "ended": episode.ended and format_moment(episode.ended),
        "ends_in_gap": episode.ends_in_gap,
        "peak": f"{episode.peak:f}",
        "unit": first.rule.unit,
        "messages": _messages(episode.events, statuses),
    }


def _messages(events: Sequence[Event], statuses: Statuses) -> list[dict[str, Any]]:
    return [
        {
            "kind": event.kind.value,
            "moment": format_moment(event.moment),
            "step": event.step,
            "value": f"{event.value:f}",
            "status": _status(event, statuses),
        }
        for event in events
    ]


def _status(event: Event, statuses: Statuses) -> str:
    return statuses.get(event.key, DeliveryStatus.UNDELIVERED).value
