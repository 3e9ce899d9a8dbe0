"""Waiting at the command line: here, and with a word about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep

import click

from pipeline_lib.common.waiting import LONGEST_SLEEP_SECONDS


def _say(text: str) -> None:
    click.echo(text, err=True)


@dataclass(slots=True)
class SpokenWait:
    """Waits as long as it takes; says what for, once that is more than a few seconds.

    Attributes:
        say: Shows a line to whoever called the command.
    """

    say: Callable[[str], None] = _say
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
            self.say(f"waiting {seconds:.0f} s: {reason}")
        elif before <= LONGEST_SLEEP_SECONDS < self._seconds:
            self.say(f"waiting: {reason}")
        sleep(seconds)
