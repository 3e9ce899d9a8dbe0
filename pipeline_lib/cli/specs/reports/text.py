"""For people: one line for each problem, and how many there are."""

import click

from pipeline_lib.cli.places import printable
from pipeline_lib.errors import Severity, SpecProblem
from pipeline_lib.specs import Loaded


def report(loaded: Loaded) -> str:
    """``file:line:column: key: message (hint)`` for each problem, styled for a terminal, then the count."""
    return "".join(f"{line}\n" for line in (*map(_line, loaded.problems), _summary(loaded)))


def _line(problem: SpecProblem) -> str:
    place = click.style(f"{printable(str(problem.file))}:{problem.line}:{problem.column}:", bold=True)
    key = f" {click.style(printable(problem.path), fg='cyan')}:" if problem.path else ""
    hint = click.style(f" ({printable(problem.hint)})", dim=True) if problem.hint else ""
    message = printable(problem.message)
    if problem.severity is Severity.WARNING:
        return f"{place} {click.style('warning:', fg='yellow')}{key} {message}{hint}"
    return f"{place}{key} {click.style(message, fg='red')}{hint}"


def _summary(loaded: Loaded) -> str:
    valid = _count(len(loaded.specs), "valid spec")
    if not loaded.problems:
        return click.style(f"no problems, {valid}", fg="green")
    files = {problem.file for problem in loaded.problems}
    return click.style(
        f"{_count(len(loaded.problems), 'problem')} in {_count(len(files), 'file')}, {valid}", bold=True
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
