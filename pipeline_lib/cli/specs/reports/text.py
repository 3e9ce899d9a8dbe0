"""For people: each diagnostic with its place in the file, and how many there are."""

import re
import unicodedata
from collections.abc import Iterator

import click

from pipeline_lib.cli.places import printable
from pipeline_lib.common.counting import counted
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs import Loaded

_ADDRESS = re.compile(r"(?<=://)[^\s'\"]+")
_NUMBER_WIDTH = 5
_LONGEST_BEFORE = 60
_LONGEST_AFTER = 80


def report(loaded: Loaded) -> str:
    """``file:line:column: key: message (hint)`` for each, the line with a caret, then the count.

    It is styled for a terminal.
    """
    found = (line for diagnostic in loaded.diagnostics for line in (_line(diagnostic), *_place(diagnostic)))
    return "".join(f"{line}\n" for line in (*found, _summary(loaded)))


def _place(diagnostic: Diagnostic) -> Iterator[str]:
    """The line of the file, and below it a caret where the diagnostic is."""
    if not diagnostic.source_line.strip():
        return
    before, after = map(printable, _without_addresses(diagnostic.source_line, diagnostic.column - 1))
    if len(before) > _LONGEST_BEFORE:
        before = "…" + before[-_LONGEST_BEFORE:]
    if len(after) > _LONGEST_AFTER:
        after = after[:_LONGEST_AFTER] + "…"
    number = f"{diagnostic.line:>{_NUMBER_WIDTH}}"
    yield click.style(f"{number} | ", dim=True) + before + after
    colour = "yellow" if diagnostic.severity is Severity.WARNING else "red"
    space = " " * sum(map(_width, before))
    yield click.style(f"{' ' * len(number)} | ", dim=True) + space + click.style("^", fg=colour)


def _without_addresses(line: str, place: int) -> tuple[str, str]:
    """A line before and after a place, without what web addresses in it lead to."""
    # A webhook is a secret, in whichever line it was pasted.
    for address in reversed(list(_ADDRESS.finditer(line))):
        start, end = address.span()
        line = f"{line[:start]}…{line[end:]}"
        place = place - (end - start) + 1 if place >= end else min(place, start)
    return line[:place], line[place:]


def _width(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"F", "W"} else 1


def _line(diagnostic: Diagnostic) -> str:
    file = printable(str(diagnostic.file))
    place = click.style(f"{file}:{diagnostic.line}:{diagnostic.column}:", bold=True)
    key = f" {click.style(printable(diagnostic.key), fg='cyan')}:" if diagnostic.path else ""
    hint = click.style(f" ({printable(diagnostic.hint)})", dim=True) if diagnostic.hint else ""
    message = printable(diagnostic.message)
    if diagnostic.severity is Severity.WARNING:
        return f"{place} {click.style('warning:', fg='yellow')}{key} {message}{hint}"
    return f"{place}{key} {click.style(message, fg='red')}{hint}"


def _summary(loaded: Loaded) -> str:
    valid = counted(len(loaded.specs), "valid spec")
    if not loaded.diagnostics:
        return click.style(f"no problems, {valid}", fg="green")
    errors, warnings = len(loaded.errors), len(loaded.diagnostics) - len(loaded.errors)
    found = [counted(errors, "problem")] if errors else []
    found += [counted(warnings, "warning")] if warnings else []
    files = {diagnostic.file for diagnostic in loaded.diagnostics}
    return click.style(f"{' and '.join(found)} in {counted(len(files), 'file')}, {valid}", bold=True)
