"""For people: one line for each diagnostic, and how many there are."""

import click

from pipeline_lib.cli.places import printable
from pipeline_lib.common.counting import counted
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs import Loaded


def report(loaded: Loaded) -> str:
    """``file:line:column: key: message (hint)`` for each, styled for a terminal, then the count."""
    return "".join(f"{line}\n" for line in (*map(_line, loaded.diagnostics), _summary(loaded)))


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
