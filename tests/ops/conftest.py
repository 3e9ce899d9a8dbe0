import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import SlackUnavailableError
from pipeline_lib.ops.alerts import OpsAlerts
from pipeline_lib.ops.channels import Channel
from pipeline_lib.ops.messages import ops_plain_text
from pipeline_lib.ops.notices import OpsNotice
from pipeline_lib.ops.problem_record import ProblemRecord
from pipeline_lib.ops.unreported import UnreportedNotices
from tests.fixtures.slack import closed_port, simulator, webhook

__all__ = ["closed_port", "simulator", "webhook"]

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
WEBHOOK = "https://hooks.slack.com/services/T0/B0/made-up-token"


@dataclass
class Board:
    """A channel in memory; it may be away."""

    titles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    away: bool = False
    seconds: float = 0

    def deliver(self, notice: OpsNotice) -> None:
        time.sleep(self.seconds)
        if self.away:
            raise SlackUnavailableError("away")
        self.titles.append(notice.title)
        self.texts.append(ops_plain_text(notice))


@dataclass
class Clock:
    now: datetime = MOMENT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def alerts(board: Board, clock: Clock, tmp_path: Path, database_address: Secret) -> OpsAlerts:
    return alerts_of(database_address, [board], clock, tmp_path)


def alerts_of(address: Secret, channels: Sequence[Channel], clock: Clock, data: Path) -> OpsAlerts:
    unreported = UnreportedNotices.below(data)
    database = PreparedDatabase(address)
    return OpsAlerts(ProblemRecord(lambda: database), unreported, channels, (Secret(WEBHOOK),), clock)
