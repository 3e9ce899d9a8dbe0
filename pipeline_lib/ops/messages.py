"""A notice to operators as a Slack message, and as plain text for mail and other channels."""

import re
from typing import Any

from pipeline_lib.alerts.messages.composing import escape
from pipeline_lib.ops.notices import OpsNotice

_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_LONGEST_FACT = 1_000
_CUT_ENTITY = re.compile(r"&[a-z]*$")


def ops_slack_message(notice: OpsNotice) -> dict[str, Any]:
    """The payload for an incoming webhook; its first word sets it apart from a price alert."""
    headline = f"{notice.icon} ops · {notice.title}"
    lines = [f"*{escape(label)}*: {_fitting(text, _LONGEST_FACT)}" for label, text in _lines(notice)]
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": headline[:_LONGEST_HEADER], "emoji": True},
        },
        *({"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in _sections(lines)),
    ]
    if notice.links:
        text = " · ".join(f"<{escape(link.url)}|{escape(link.label)}>" for link in notice.links)
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]})
    return {"text": escape(headline), "blocks": blocks}


def ops_plain_title(notice: OpsNotice) -> str:
    """The subject of a mail."""
    return f"ops · {notice.title}"


def ops_plain_text(notice: OpsNotice) -> str:
    """The body of a mail."""
    lines = [f"{label}: {text}" for label, text in _lines(notice)]
    return "\n".join([*lines, *(f"{link.label}: {link.url}" for link in notice.links)])


def _lines(notice: OpsNotice) -> tuple[tuple[str, str], ...]:
    return (*notice.facts, ("What to do", notice.to_do))


def _sections(lines: list[str]) -> list[str]:
    """The lines in as few texts as Slack's limit for one allows."""
    sections: list[str] = []
    for line in lines:
        if sections and len(sections[-1]) + 1 + len(line) <= _LONGEST_SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return sections


def _fitting(text: str, longest: int) -> str:
    """The text, escaped, and cut where it is too long, but not within an escape."""
    escaped = escape(text)
    if len(escaped) <= longest:
        return escaped
    return _CUT_ENTITY.sub("", escaped[: longest - 1]) + "…"
