"""The message that shows that alerts arrive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline_lib.alerts.messages.block_kit import context, escape, header, message, section
from pipeline_lib.alerts.messages.wording import plain
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.events import RuleInfo


def trial_message(pipeline: str, subject: str, rules: Sequence[RuleInfo], now: datetime) -> dict[str, Any]:
    """A message that nobody can take for an alert.

    Args:
        pipeline: Name of the pipeline.
        subject: What alerts are about: its coin, or the pipeline itself.
        rules: What the pipeline's rules measure.
        now: The real clock.
    """
    headline = f"🧪 TEST: alerts of {subject} arrive here"
    limits = [f"• {plain(each.threshold)} {each.unit} {each.scope}" for each in rules]
    lines = ["Nothing has happened. This pipeline alerts, in either direction, from", *map(escape, limits)]
    facts = [format_moment(now), f"pipeline {escape(pipeline)}", "test message"]
    return message(headline, [header(headline), section(lines), context(facts)])
