"""What the database knows of a series, as rules read it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_lib.database import observations
from pipeline_lib.model.observation import Observation

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """A series within a transaction.

    Attributes:
        connection: The transaction.
        id: Key of the series.
        left_out: Moments (UTC) whose observations count as not there.
    """

    connection: "Connection"
    id: int
    left_out: Collection[datetime] = ()

    def observations_since(self, moment: datetime) -> Sequence[Observation]:
        """The observations at or after a moment (UTC), by moment."""
        rows = observations.read_since(self.connection, self.id, moment)
        return [row for row in rows if row.moment not in self.left_out] if self.left_out else rows
