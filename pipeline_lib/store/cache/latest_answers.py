"""Where the latest shared answers of a currency lie, whatever moment they were asked for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.store.cache.shared_answers import decode_answer
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive

_KEPT = 40
"""Answers for 10,000 coins."""


@dataclass(frozen=True, slots=True)
class LatestAnswers:
    """The latest shared answers of one currency.

    Attributes:
        root: Folder of all shared answers.
        vs_currency: The currency that prices are in.
    """

    root: Path
    vs_currency: str

    def find(self, coin: str) -> MarketAnswer | None:
        """The latest answer that ``coin`` was asked for in, or None."""
        return next((answer for answer in self._answers() if coin in answer.coins), None)

    def add(self, path: Path) -> None:
        """Put the answer at ``path`` in front."""
        place = str(path.relative_to(self.root))
        with exclusive(self._path):
            others = [other for other in self._places() if other != place]
            replace(self._path, json.dumps([place, *others][:_KEPT]).encode())

    def _answers(self) -> Iterator[MarketAnswer]:
        for place in self._places():
            try:
                yield decode_answer((self.root / place).read_bytes())
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                # Old answers are removed; the next one may still be there.
                continue

    def _places(self) -> list[str]:
        try:
            return list(map(str, json.loads(self._path.read_bytes())))
        except (FileNotFoundError, ValueError, TypeError):
            return []

    @property
    def _path(self) -> Path:
        return self.root / f"latest_{self.vs_currency}.json"
