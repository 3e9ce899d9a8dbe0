"""Waiting at the command line: here, and with a word about it."""

import time
from dataclasses import dataclass, field

import click

from pipeline_lib.common.waiting import LONGEST_SLEEP_SECONDS


@dataclass(slots=True)
class SpokenWait:
    """Waits as long as it takes; says on stderr what for, once that is more than a few seconds."""

    _reason: str = field(default="", init=False)
    _seconds: float = field(default=0.0, init=False)

    def __call__(self, seconds: float, reason: str) -> None:
        """See ``Wait``.

        Args:
            seconds: How long to wait.
            reason: For what.
        """
        before = self._seconds if reason == self._reason else 0.0
        self._reason, self._seconds = reason, before + seconds
        if seconds > LONGEST_SLEEP_SECONDS:
            click.echo(f"waiting {seconds:.0f} s: {reason}", err=True)
        elif before <= LONGEST_SLEEP_SECONDS < self._seconds:
            click.echo(f"waiting: {reason}", err=True)
        time.sleep(seconds)
