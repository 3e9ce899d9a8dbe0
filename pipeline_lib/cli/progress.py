"""How far a long command is: a bar on a terminal, elsewhere a line now and then."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import click

from pipeline_lib.cli.waiting import SpokenWait
from pipeline_lib.common.waiting import Wait

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_SECONDS_BETWEEN_UPDATES = 0.1
_SECONDS_BETWEEN_LINES = 10


class Progress(Protocol):
    """Shows how far a command is."""

    def show(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` are done."""

    @property
    def wait(self) -> Wait:
        """How to wait meanwhile, and say why."""


@contextmanager
def shown_progress(name: str, unit: str) -> Iterator[Progress]:
    """Show the progress of a pipeline's work on stderr.

    Args:
        name: Name of the pipeline.
        unit: What is counted, and what happens to it: ``snapshots read``.
    """
    if not sys.stderr.isatty():
        yield _Lines(name, unit)
        return
    with click.progressbar(length=1, label=name, file=sys.stderr, show_pos=True) as bar:
        yield _Bar(bar)


class _Bar:
    def __init__(self, bar: "ProgressBar[int]") -> None:
        self._bar = bar
        self._shown_at = 0.0
        # Below the bar, which goes on in a line of its own.
        self.wait = SpokenWait(lambda text: click.echo(f"\n{text}", err=True))

    def show(self, done: int, total: int) -> None:
        now = monotonic()
        if done == total or now - self._shown_at >= _SECONDS_BETWEEN_UPDATES:
            self._shown_at = now
            self._bar.length = total
            self._bar.update(done - self._bar.pos)


class _Lines:
    def __init__(self, name: str, unit: str) -> None:
        self._name, self._unit = name, unit
        self._shown_at = monotonic()
        self.wait = SpokenWait(lambda text: click.echo(f"{name}: {text}", err=True))

    def show(self, done: int, total: int) -> None:
        if monotonic() - self._shown_at >= _SECONDS_BETWEEN_LINES:
            self._shown_at = monotonic()
            click.echo(f"{self._name}: {done:,} of {total:,} {self._unit}", err=True)
