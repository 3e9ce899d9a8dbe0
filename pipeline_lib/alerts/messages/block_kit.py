"""Slack's Block Kit: the few blocks that messages are made of, within Slack's limits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_SECTION = 3_000
_LONGEST_CONTEXT = 2_000
_CUT = " …"
_TORN_ENTITY = re.compile(r"&[a-z]*$")


def escape(text: str) -> str:
    """Slack's three control characters, and nothing else (Slack, "Formatting text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(escaped: str, longest: int) -> str:
    """Escaped text, cut where it is too long, but not within an escaped character."""
    if len(escaped) <= longest:
        return escaped
    return _TORN_ENTITY.sub("", escaped[: longest - len(_CUT)]) + _CUT


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
    """Lines of ``mrkdwn`` in one section; those beyond Slack's limit are left out."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": _fitting(lines, LONGEST_SECTION)}}


def sections(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Lines of ``mrkdwn`` in as few sections as Slack's limit for one allows; none is left out."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= LONGEST_SECTION:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [section([text]) for text in texts]


def context(facts: Sequence[str]) -> dict[str, Any]:
    """Facts of ``mrkdwn`` in small letters, on one line."""
    text = _fitting(facts, _LONGEST_CONTEXT, " · ")
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def message(text: str, blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The payload of an incoming webhook.

    Args:
        text: Plain text for notifications and for clients without blocks; not escaped yet.
        blocks: At most ``MOST_BLOCKS``.
    """
    return {"text": _fitting(escape(text).split("\n"), LONGEST_SECTION), "blocks": list(blocks)}


def _fitting(parts: Sequence[str], longest: int, separator: str = "\n") -> str:
    # Whole parts, while there are several: a cut within one could tear a link apart.
    whole = separator.join(parts)
    if len(whole) <= longest:
        return whole
    kept = list(parts)
    while len(kept) > 1 and len(separator.join(kept)) + len(_CUT) > longest:
        kept.pop()
    return shortened(separator.join(kept) + _CUT, longest)
