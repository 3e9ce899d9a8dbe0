"""Looking into a processed table, whose rows are sorted by time, without reading all of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline_lib.common.timestamps import format_moment, parse_moment

_BLOCK = 1 << 16
_LONGEST_HEADER = 1 << 16
_ROUGHLY_A_LINE = 1 << 10


@dataclass(frozen=True, slots=True)
class SortedTable:
    """A table that is open for reading.

    Attributes:
        descriptor: The file.
        header: Its first line with its end; what there is of it when it has none.
        end: The table's length.
    """

    descriptor: int
    header: bytes
    end: int

    @classmethod
    def of(cls, descriptor: int) -> "SortedTable":
        """The table behind ``descriptor``."""
        start = os.pread(descriptor, _LONGEST_HEADER, 0)
        header = start[: start.find(b"\n") + 1] or start
        return cls(descriptor, header, os.fstat(descriptor).st_size)

    def read(self, length: int) -> bytes:
        """The first ``length`` bytes."""
        return os.pread(self.descriptor, length, 0)

    def holds(self, moment: datetime) -> bool:
        """Whether there is a row of ``moment``."""
        key = format_moment(moment).encode() + b","
        return os.pread(self.descriptor, len(key), self.find_place(moment)) == key

    def last_moment(self) -> datetime | None:
        """The moment of the last row; None when there is none."""
        line = next(self._lines_before(self.end), None)
        return None if line is None else _moment_and_price(line)[0]

    def find_place(self, moment: datetime) -> int:
        """The byte at which the first row of ``moment`` or later begins; the table's end when none does."""
        key = format_moment(moment).encode()
        low, high = len(self.header), self.end
        while low < high:
            middle = (low + high) // 2
            line = low if middle == low else self._next_line(middle - 1, high)
            # When none begins in the upper half, the one that begins at `low` fills both.
            line = low if line >= high else line
            if os.pread(self.descriptor, len(key), line) < key:
                low = self._next_line(line, high)
            else:
                high = line
        return low

    def prices_before(self, place: int, oldest: datetime, fewest: int) -> list[tuple[datetime, Decimal]]:
        """Times and prices of the rows in front of ``place``, oldest first.

        Args:
            place: Where a row begins, or the table's end.
            oldest: All rows of this moment or later are among them.
            fewest: At least so many rows are, if there are so many.
        """
        prices: list[tuple[datetime, Decimal]] = []
        for line in self._lines_before(place):
            moment, price = _moment_and_price(line)
            if moment < oldest and len(prices) >= fewest:
                break
            prices.append((moment, price))
        return prices[::-1]

    def _lines_before(self, end: int) -> Iterator[bytes]:
        """The rows in front of ``end``, the last one first."""
        start, cut = len(self.header), b""
        while end > start:
            begin = max(start, end - _BLOCK)
            block = os.pread(self.descriptor, end - begin, begin) + cut
            # The block's first line may begin further in front.
            whole = 0 if begin == start else block.find(b"\n") + 1 or len(block)
            yield from reversed(block[whole:].splitlines())
            cut, end = block[:whole], begin

    def _next_line(self, place: int, end: int) -> int:
        """Where the line after the one that holds ``place`` begins, or ``end``."""
        while place < end:
            block = os.pread(self.descriptor, min(_ROUGHLY_A_LINE, end - place), place)
            found = block.find(b"\n")
            if found >= 0:
                return place + found + 1
            place += len(block) or end
        return end


def _moment_and_price(line: bytes) -> tuple[datetime, Decimal]:
    moment, price, _ = line.decode().split(",", 2)
    return parse_moment(moment), Decimal(price)
