"""The raw log: one row an observation, in the order of arrival."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_lib.archive.rows import HEADER
from pipeline_lib.database import arrivals, observations
from pipeline_lib.publishing.csv.table import Rows

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class RawLog:
    """The raw log of a pipeline, with all series that it ever had.

    Attributes:
        pipeline: Its name.
    """

    pipeline: str

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return HEADER.encode()

    @property
    def made_by(self) -> str:
        """The columns."""
        return HEADER.strip()

    def read_all(self, connection: "Connection") -> Rows | None:
        """All rows; None when there is none."""
        return self.read_after(connection, 0)

    def read_after(self, connection: "Connection", arrival: int) -> Rows | None:
        """The rows of later arrivals; None when there is none.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        newest, lines = observations.read_lines(connection, self.pipeline, arrival)
        if not lines:
            return None
        chain = arrivals.chain_at(connection, self.pipeline, newest) or ""
        return Rows("\n".join([*lines, ""]).encode(), newest, chain)

    def chain_at(self, connection: "Connection", arrival: int) -> str | None:
        """The hash over all arrivals up to one; None when there is no such arrival.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        return arrivals.chain_at(connection, self.pipeline, arrival)
