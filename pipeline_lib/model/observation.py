"""One price observation: what a run takes from the market, and the proof of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

HISTORY_PATH_END = "/market_chart/range"
"""How the path of CoinGecko's history ends."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an observation comes from.

    Attributes:
        url: The request's address; holds no key, since keys travel in headers. When other coins were asked
            for with this one, the address asks for this one alone, and its fragment, which is never sent,
            says of how many coins the answer is and what its body's SHA-256 is.
        requested_at: When the answer was asked for, by the real clock (UTC).
        status: The answer's HTTP status.
        answer: The coin's own part of the answer, letter for letter (a JSON value). Of history, the points
            that the observation was made from, in the shape of the whole answer.
    """

    url: str
    requested_at: datetime
    status: int
    answer: str

    @property
    def is_historic(self) -> bool:
        """Whether it is CoinGecko's history that was asked, and not its current quotes."""
        return urlsplit(self.url).path.endswith(HISTORY_PATH_END)


@dataclass(frozen=True, slots=True)
class Observation:
    """The price of a coin at a run's moment, with the digits that the market sent.

    Attributes:
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        moment: The run's moment (UTC, to the second): the key of snapshot, row and S3 partition.
        price: Price of one coin in ``vs_currency``.
        change_1h_percent: Move over the last hour in percent; None when the source gave none.
        change_24h_percent: Move over the last 24 hours in percent; None when the source gave none.
        market_cap: In ``vs_currency``; None when the source gave none.
        total_volume: Volume of the last 24 hours in ``vs_currency``; None when the source gave none.
        last_updated: When the source says the quote is of (UTC, to the second).
    """

    coin: str
    vs_currency: str
    moment: datetime
    price: Decimal
    change_1h_percent: Decimal | None
    change_24h_percent: Decimal | None
    market_cap: Decimal | None
    total_volume: Decimal | None
    last_updated: datetime


class ObservedPrice(NamedTuple):
    """What statistics are computed of: an observation without the rest. A rebuild reads a hundred thousand.

    Attributes:
        moment: The run's moment (UTC, to the second).
        price: Price of one coin.
        change_1h_percent: Move over the last hour in percent; None when the source gave none.
        change_24h_percent: Move over the last 24 hours in percent; None when the source gave none.
    """

    moment: datetime
    price: Decimal
    change_1h_percent: Decimal | None
    change_24h_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An observation and where it comes from: what the market gives, and what the archive keeps."""

    observation: Observation
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line of a file of past prices that an observation was imported from.

    Attributes:
        file: Name of the file, without its folder.
        file_sha256: Hash of the file's bytes.
        line: Number of the line, from 1.
        requested_at: When it was imported, by the real clock (UTC).
        answer: The line letter for letter, without its end.
    """

    file: str
    file_sha256: str
    line: int
    requested_at: datetime
    answer: str

    @property
    def is_historic(self) -> bool:
        """Always: it was no current quote when it was taken."""
        return True


@dataclass(frozen=True, slots=True)
class ImportedObservation:
    """An observation from a file of past prices, and the line that it comes from."""

    observation: Observation
    provenance: ImportedLine


Archived: TypeAlias = Snapshot | ImportedObservation
"""What the archive keeps of one coin at one moment."""
