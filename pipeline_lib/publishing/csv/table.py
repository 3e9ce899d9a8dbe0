"""What an exported file is made from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines of a table, in its order.

    Attributes:
        content: Their bytes, without the header.
        arrival: Number of the newest arrival that they follow from.
        chain: Its hash over all arrivals up to it.
        replaces_from: They stand in the place of all lines of this moment or later, as it stands in a line;
            None when they come after all others.
    """

    content: bytes
    arrival: int
    chain: str
    replaces_from: bytes | None = None


class Table(Protocol):
    """A table of one file, whose lines begin with a moment."""

    @property
    def pipeline(self) -> str:
        """Name of the pipeline."""

    @property
    def header(self) -> bytes:
        """The file's first line."""

    @property
    def made_by(self) -> str:
        """Another text means that equal arrivals come to give other bytes."""

    def read_all(self, connection: "Connection") -> Rows | None:
        """All lines; None when there is none."""

    def read_after(self, connection: "Connection", arrival: int) -> Rows | None:
        """The lines that a file lacks which holds all up to an arrival; None when it lacks none.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """

    def chain_at(self, connection: "Connection", arrival: int) -> str | None:
        """The hash over all arrivals up to one; None when the table isn't made from it yet.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
