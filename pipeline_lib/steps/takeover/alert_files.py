"""Delivery records and the outbox of alerts, as files of the version before.

``data/alerts/bitcoin/20180205T140000Z.json`` says what became of some events; a file below
``data/alerts/.outbox`` holds what a pipeline had still to deliver.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_lib.alerts.delivery.channel import channel_name
from pipeline_lib.alerts.unrecorded import settle_unknown
from pipeline_lib.common.timestamps import BEGINNING, parse_moment
from pipeline_lib.database.alerting import events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.alerting.messages import MessageStatus
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.events import DeliveryStatus, Event, EventKey, EventKind, RuleInfo
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

_RECORD = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?\.json")
_STATUSES = {
    "told": DeliveryStatus.DELIVERED,
    "expired": DeliveryStatus.EXPIRED,
    "backfilled": DeliveryStatus.BACKFILLED,
}


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was read into the database.

    Attributes:
        records: Delivery records.
        waiting: Events that the outbox held.
        events: Events that the observations make, with a record or without.
    """

    records: int
    waiting: int
    events: int


def take_over_alerts(
    connection: "Connection", spec: PipelineSpec, series: SeriesPrices, data_dir: Path, now: datetime
) -> TakenOver:
    """Read a pipeline's delivery records and outbox, and settle what has no record as unknown.

    Args:
        connection: A transaction that writes; the series' observations are in the database.
        spec: The pipeline.
        series: Its series, with all observations.
        data_dir: The folder of everything that pipelines wrote.
        now: The real clock, for the record (UTC).

    Raises:
        AlertStateDamagedError: A file can't be read.
    """
    records, series_id = list(_record_files(data_dir / "alerts" / spec.name)), series.series.id
    events.lock(connection, [series_id])
    known = {each.event.key for each in events.read_since(connection, series_id, BEGINNING)}
    for path in records:
        _take_over_record(connection, spec, series_id, path, known)
    count = settle_unknown(connection, spec, series, now)
    # A process that was killed may have sent what waits: it is sent again, and the message says so.
    waiting = list(_read_outbox(data_dir, spec))
    events.reopen(connection, series_id, waiting)
    return TakenOver(len(records), len(waiting), count)


def _record_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if _RECORD.fullmatch(path.name))


def _take_over_record(
    connection: "Connection", spec: PipelineSpec, series_id: int, path: Path, known: Collection[EventKey]
) -> None:
    content = _read_json(path)
    try:
        status = _STATUSES[content["fate"]]
        recorded_at, run_moment = parse_moment(content["recorded_at"]), parse_moment(content["run"])
        recorded = [_event(fields) for fields in content["events"]]
        payload = content["message"]
    except (ValueError, KeyError, TypeError, InvalidOperation) as error:
        raise AlertStateDamagedError(path, repr(error)) from error
    if all(event.key in known for event in recorded):
        return
    message_id = None
    if payload is not None:
        message_id = messages.reserve(connection, channel_name(spec), run_moment, payload, recorded_at)
        messages.finish(connection, message_id, MessageStatus.DELIVERED, recorded_at)
    events.settle(connection, series_id, recorded, Settlement(status, recorded_at, message_id))


def _read_outbox(data_dir: Path, spec: PipelineSpec) -> Iterator[Event]:
    for path in sorted((data_dir / "alerts" / ".outbox").glob(f"*/{spec.name}.json")):
        content = _read_json(path)
        try:
            yield from [_event(fields) for fields in content["events"]]
        except (ValueError, KeyError, TypeError, InvalidOperation) as error:
            raise AlertStateDamagedError(path, repr(error)) from error


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise AlertStateDamagedError(path, str(error)) from error
    if not isinstance(content, dict):
        raise AlertStateDamagedError(path, "it holds no JSON object")
    return content


def _event(fields: Mapping[str, Any]) -> Event:
    return Event(
        kind=EventKind(fields["kind"]),
        moment=parse_moment(fields["moment"]),
        since=parse_moment(fields["since"]),
        direction=int(fields["direction"]),
        step=int(fields["step"]),
        value=Decimal(fields["value"]),
        rule=RuleInfo(
            str(fields["rule"]), Decimal(fields["threshold"]), str(fields["unit"]), str(fields["scope"])
        ),
    )
