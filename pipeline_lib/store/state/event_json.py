"""Events and episodes as JSON, and back."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.model.events import Episode, Event, EventKind, RuleInfo


def encode_event(event: Event) -> dict[str, Any]:
    """The fields of an event, numbers as texts so that no digit is lost."""
    return {
        "rule": event.rule.name,
        "kind": event.kind.value,
        "moment": format_moment(event.moment),
        "since": format_moment(event.since),
        "direction": event.direction,
        "step": event.step,
        "value": f"{event.value:f}",
        "threshold": f"{event.rule.threshold:f}",
        "unit": event.rule.unit,
        "scope": event.rule.scope,
    }


def decode_event(fields: Mapping[str, Any]) -> Event:
    """The event that ``encode_event`` made these fields of.

    Raises:
        ValueError: A field is missing or can't be read.
    """
    try:
        return Event(
            kind=EventKind(fields["kind"]),
            moment=parse_moment(fields["moment"]),
            since=parse_moment(fields["since"]),
            direction=int(fields["direction"]),
            step=int(fields["step"]),
            value=Decimal(fields["value"]),
            rule=RuleInfo(
                str(fields["rule"]), Decimal(fields["threshold"]), str(fields["unit"]), str(fields["scope"])
            ),
        )
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(f"no event: {error!r}") from error


def encode_episode(episode: Episode) -> dict[str, Any]:
    """The fields of an episode."""
    return {
        "since": format_moment(episode.since),
        "direction": episode.direction,
        "step": episode.step,
        "told_at": format_moment(episode.last_event_at),
    }


def decode_episode(fields: Mapping[str, Any]) -> Episode:
    """The episode that ``encode_episode`` made these fields of.

    Raises:
        ValueError: A field is missing or can't be read.
    """
    try:
        return Episode(
            since=parse_moment(fields["since"]),
            direction=int(fields["direction"]),
            step=int(fields["step"]),
            last_event_at=parse_moment(fields["told_at"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"no episode: {error!r}") from error
