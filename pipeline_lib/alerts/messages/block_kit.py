"""Slack's Block Kit: the few blocks that messages are made of, within Slack's limits."""

from collections.abc import Mapping, Sequence
from typing import Any

MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_SECTION = 3_000
_CUT = " …"


def escape(text: str) -> str:
    """Slack's three control characters, and nothing else (Slack, "Formatting text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, text: str) -> str:
    """A link in ``mrkdwn``."""
    return f"<{escape(url)}|{escape(text)}>"


def header(text: str) -> dict[str, Any]:
    """A headline of plain text."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": text[:LONGEST_HEADER], "emoji": True},
    }


def section(lines: Sequence[str]) -> dict[str, Any]:
    """Lines of ``mrkdwn``; those that Slack would not take any more are left out."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": _fitting(lines, LONGEST_SECTION)}}


def context(facts: Sequence[str]) -> dict[str, Any]:
    """Facts of ``mrkdwn`` in small letters, on one line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _fitting(facts, 2_000, " · ")}]}


def message(text: str, blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The payload of an incoming webhook.

    Args:
        text: Plain text for notifications and for clients without blocks; not escaped yet.
        blocks: At most ``MOST_BLOCKS``.
    """
    fallback = _fitting(escape(text).split("\n"), LONGEST_SECTION, "\n")
    return {"text": fallback, "blocks": list(blocks)}


def _fitting(parts: Sequence[str], limit: int, separator: str = "\n") -> str:
    # Whole parts only: a cut within one could tear an escaped character or a link apart.
    whole = separator.join(parts)
    if len(whole) <= limit:
        return whole
    kept = list(parts)
    while len(kept) > 1 and len(separator.join(kept)) + len(_CUT) > limit:
        kept.pop()
    text = separator.join(kept)
    return text + _CUT if len(text) + len(_CUT) <= limit else text[: limit - len(_CUT)] + _CUT
