"""A notice to operators as a Slack message, and as plain text for mail and other channels."""

from typing import Any

from pipeline_lib.alerts.messages.block_kit import context, escape, header, link, message, sections, shortened
from pipeline_lib.ops.notices import OpsNotice

_LONGEST_FACT = 1_000


def ops_slack_message(notice: OpsNotice) -> dict[str, Any]:
    """The payload for an incoming webhook; its first word sets it apart from a price alert."""
    headline = f"{notice.icon} {ops_plain_title(notice)}"
    lines = [f"*{escape(label)}*: {shortened(escape(text), _LONGEST_FACT)}" for label, text in _lines(notice)]
    blocks = [header(headline), *sections(lines)]
    if notice.links:
        blocks.append(context([link(each.url, each.label) for each in notice.links]))
    return message(headline, blocks)


def ops_plain_title(notice: OpsNotice) -> str:
    """The subject of a mail."""
    return f"ops · {notice.title}"


def ops_plain_text(notice: OpsNotice) -> str:
    """The body of a mail."""
    lines = [f"{label}: {text}" for label, text in _lines(notice)]
    return "\n".join([*lines, *(f"{each.label}: {each.url}" for each in notice.links)])


def _lines(notice: OpsNotice) -> tuple[tuple[str, str], ...]:
    return (*notice.facts, ("What to do", notice.to_do))
