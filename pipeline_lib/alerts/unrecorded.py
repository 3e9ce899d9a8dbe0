"""Events whose delivery records are lost: after a takeover, a replay or a restored database."""

from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_lib.alerts.absences import read_absences
from pipeline_lib.alerts.episodes import follow
from pipeline_lib.alerts.evaluation import checkpoint_at, checkpoint_moment
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import key_of, policy_of
from pipeline_lib.common.spans import EVER
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import checkpoints, events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection


def settle_unknown(connection: "Connection", spec: PipelineSpec, series: SeriesPrices, now: datetime) -> int:
    """Settle every event up to the newest observation that has no delivery record.

    Nobody knows whether people heard of it: it is never sent, and counts as delivered for what follows. The
    rules go on from checkpoints, as if every run had been lived through.

    Args:
        connection: A transaction that writes.
        spec: The pipeline.
        series: One of its series, with all observations.
        now: The real clock, for the record (UTC).

    Returns:
        How many events the observations make.
    """
    series_id, rows, own = series.series.id, series.prices, spec.of_coin(series.series.coin)
    events.lock(connection, [series_id])
    if not rows:
        return 0
    settlement, count, newest = Settlement(DeliveryStatus.UNKNOWN, now), 0, rows[-1].moment
    # Some that an older database calls pending were delivered after it was saved.
    events.settle_open(connection, [series_id], newest, settlement)
    messages.take_out(connection, [series_id])
    absences = read_absences(connection, spec, [series.series], EVER)[series_id]
    for rule in rules_of(own):
        readings = rule.readings(rows, BEGINNING)
        transitions = list(follow(readings, rule.info, policy_of(own, rule, absences)))
        happened = [transition.event for transition in transitions if transition.event]
        events.settle(connection, series_id, happened, settlement)
        count += len(happened)
        checkpoint = checkpoint_at(checkpoint_moment(newest), rule, rows, transitions)
        checkpoints.save_all(connection, [(key_of(own, rule, series_id), checkpoint)])
    return count
