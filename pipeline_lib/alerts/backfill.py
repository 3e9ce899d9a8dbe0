"""The events that a backfilled observation brings about."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pipeline_lib.alerts.evaluation import ALLOWED_LATENESS, History, evaluate
from pipeline_lib.model.events import Event
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.store.state.alert_records import AlertRecords, settled_keys


def backfilled_events(
    spec: PipelineSpec, alerts: Path, history: History, run_moment: datetime
) -> Sequence[Event]:
    """The unsettled events that exist by the observation of a backfilled run alone.

    Args:
        spec: The pipeline.
        alerts: The pipeline's folder of alerts, with its records and checkpoints.
        history: The pipeline's observations, the run's own among them.
        run_moment: The run's moment (UTC).

    Raises:
        AlertStateDamagedError: A record or a checkpoint can't be read.
        TableDamagedError: The raw log can't be read.
    """

    def history_without_it(since: datetime) -> list[Observation]:
        return [row for row in history(since) if row.moment != run_moment]

    others = {event.key for event in evaluate(spec, alerts, history_without_it, run_moment).events}
    events = evaluate(spec, alerts, history, run_moment).events
    if not events:
        return ()
    settled = settled_keys(AlertRecords(alerts).since(run_moment - ALLOWED_LATENESS))
    return [
        event
        for event in events
        if event.moment >= run_moment and event.key not in others and event.key not in settled
    ]
