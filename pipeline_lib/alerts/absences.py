"""When coins did not belong to a pipeline of the greatest market caps."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_lib.common.spans import Span
from pipeline_lib.database import arrivals
from pipeline_lib.database.pipelines import Series
from pipeline_lib.specs import PipelineSpec, TopCoins

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_absences(
    connection: "Connection", spec: PipelineSpec, series: Sequence[Series], within: Span
) -> Mapping[int, Sequence[datetime]]:
    """The recorded moments (UTC) at which each coin was no member, by the key of its series, by time.

    Coins that a spec names belong to it always.

    Args:
        connection: A transaction.
        spec: The pipeline.
        series: Of some of its coins.
        within: Which moments.
    """
    if not isinstance(spec.coins, TopCoins):
        return {each.id: () for each in series}
    members = arrivals.read_members(connection, spec.name, spec.vs_currency, within)
    return {
        each.id: [moment for moment, coins in members.items() if each.coin not in coins] for each in series
    }
