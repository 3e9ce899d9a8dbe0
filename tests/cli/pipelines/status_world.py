"""A project's database, filled for the command that shows how its pipelines are."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import publications
from pipeline_lib.database.alerting import events, problems
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.quarantine import RefusedAnswer
from pipeline_lib.database.pipelines import find_pipeline, find_series_id
from pipeline_lib.database.publications import Folder, Progress, Target
from pipeline_lib.model.events import DeliveryStatus, EventKind
from pipeline_lib.model.observation import Observation
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.specs import Window
from pipeline_lib.steps.statistics import update_statistics
from tests.alerts.samples import DAY_MOVE, event
from tests.fixtures.recorded import record

TOP = datetime(2018, 2, 5, 14, tzinfo=UTC)
NOW = TOP + timedelta(minutes=20)
HOUR = timedelta(hours=1)
WINDOWS = (Window("24h", 24 * HOUR), Window("7d", timedelta(days=7)))


@dataclass(frozen=True)
class StatusWorld:
    """The project at twenty past two, when each hour from noon on has its price.

    Attributes:
        project: Its folder.
        address: Of its database.
    """

    project: Path
    address: Secret

    def write_spec(self, name: str, *lines: str, coin: str = "bitcoin", schedule: str = "@hourly") -> None:
        text = "\n".join(["spec_version: 1", f"coin: {coin}", f'schedule: "{schedule}"', *lines, ""])
        (self.project / "dag_configs" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def record(self, pipeline: str, *hours: float, coin: str = "bitcoin") -> None:
        """Observations so many hours after 14:00, and their statistics."""
        self.write(lambda connection: _record(connection, pipeline, hours, coin))

    def record_all(self, pipelines: Sequence[str], *hours: float) -> None:
        """The same of bitcoin for many pipelines at once."""

        def record_each(connection: Connection) -> None:
            for pipeline in pipelines:
                _record(connection, pipeline, hours, "bitcoin")

        self.write(record_each)

    def episode(self, status: DeliveryStatus = DeliveryStatus.DELIVERED, *, ends: bool = False) -> None:
        """An episode of bitcoin's move over a day that began at 13:00."""
        happened = [event(EventKind.FIRED, -1)]
        if ends:
            happened.append(event(EventKind.CLEARED, 0, since=-1, rule=DAY_MOVE))

        def settle(connection: Connection) -> None:
            series = _series(connection, "bitcoin", "bitcoin")
            events.settle(connection, series, happened, Settlement(status, TOP))

        self.write(settle)

    def refuse(self, hour: float) -> None:
        """A refused answer for bitcoin."""
        moment = TOP + hour * HOUR
        refused = RefusedAnswer(
            "bitcoin", "bitcoin", moment, "invalid-quote", "no price", None, None, 200, b"{}"
        )
        self.write(lambda connection: quarantine.keep(connection, refused))

    def open_problem(self, subject: str, pipeline: str = "bitcoin") -> None:
        problem = OpenProblem(TOP - HOUR, TOP, 2, {"SlackRefusedError": TOP})
        self.write(lambda connection: problems.save(connection, pipeline, subject, problem))

    def publish(self, raw: int, processed: int, destination: str = "here", at: datetime = TOP) -> None:
        """What S3 has of bitcoin, up to such arrivals."""

        def start(connection: Connection) -> None:
            target = Target(find_pipeline(connection, "bitcoin") or 0, destination)
            for folder, arrival in ((Folder.RAW, raw), (Folder.PROCESSED, processed)):
                publications.start(connection, target, folder, Progress(arrival, "basis"), at)

        self.write(start)

    def write(self, change: Callable[[Connection], object]) -> None:
        with closing(Database(self.address)) as database, database.writing() as connection:
            change(connection)


def _record(connection: Connection, pipeline: str, hours: Sequence[float], coin: str) -> None:
    price, move = Decimal(9000), Decimal("-10.5")
    rows = [Observation(coin, "usd", TOP + hour * HOUR, price, move, None, None, None, TOP) for hour in hours]
    record(connection, rows, pipeline)
    update_statistics(connection, [_series(connection, pipeline, coin)], WINDOWS)


def _series(connection: Connection, pipeline: str, coin: str) -> int:
    found = find_series_id(connection, pipeline, coin, "usd")
    assert found is not None
    return found
