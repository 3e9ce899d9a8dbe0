"""Text that the other side wrote, made fit for messages and logs."""

import html
import re

_LONGEST_TEXT = 200
# A title stands at the start of a page; a page of megabytes isn't searched for one.
_HEAD = 8 * 1024
_TITLE = re.compile(r"<title\b[^>]*>([^<]*)</title", re.IGNORECASE)
_UNTITLED = "a page without a title"


def shorten(text: str) -> str:
    """The text on one line, printable, and cut to a readable length."""
    # It ends in terminals and logs, where control characters and half characters do harm.
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def readable(text: str) -> str:
    """The text as :func:`shorten` makes it; of a page of HTML or XML its title alone."""
    # What isn't printable may stand before the first tag, as a byte order mark does.
    line = shorten(text)
    if not line.startswith("<"):
        return line
    title = _TITLE.search(text[:_HEAD])
    return shorten(html.unescape(title[1])) if title else _UNTITLED
