"""The composed message of one coin, ready to be sent alone or together with others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline_lib.model.events import Event


@dataclass(frozen=True, slots=True)
class Announcement:
    """The events of one run, in words.

    Attributes:
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        moment: The run's moment (UTC).
        headline: One line of plain text.
        blocks: Slack's blocks below the headline.
        events: What it is about, by moment; at least one.
        may_be_repeat: Whether an earlier message with one of the events was sent, and no answer came.
    """

    pipeline: str
    coin: str
    moment: datetime
    headline: str
    blocks: Sequence[Mapping[str, Any]]
    events: Sequence[Event]
    may_be_repeat: bool = False
