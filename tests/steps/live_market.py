"""Pipelines of several coins, a simulated market, and one time for both."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from pipeline_lib.common.secret import Secret
from pipeline_lib.common.waiting import Wait, sleep
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Run, Services
from pipeline_lib.steps.fetching.live import take_live

HOUR = datetime(2025, 6, 1, 14, tzinfo=UTC)
COINS = ("bitcoin", "ethereum", "solana", "litecoin")


@dataclass
class LiveMarket:
    """A folder of specs, a simulated market, and one time for both."""

    project: Path
    simulator: Simulator
    database_url: Secret
    bound: int = 60
    wait: Wait = sleep

    def at(self, moment: datetime) -> None:
        self.simulator.clock.set(moment)

    def write(self, name: str, coin: str, schedule: str = "@hourly", **keys: str) -> None:
        folder = self.project / "dag_configs"
        folder.mkdir(exist_ok=True)
        lines = {"spec_version": "1", "coin": coin, "schedule": f'"{schedule}"', **keys}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items())
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def take(self, name: str, moment: datetime = HOUR) -> Snapshot:
        """The current price of the pipeline's only coin, or the reason why there is none raised."""
        settings = Settings.from_environment(
            {
                "DATABASE_URL": self.database_url.reveal(),
                "COINGECKO_BASE_URL": self.simulator.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "1000",
                "COINGECKO_SHARED_ANSWER_SECONDS": str(self.bound),
            },
            project_folder=self.project,
        )
        spec = Catalog(settings.dag_configs_dir).load(name)
        services = replace(Services.from_settings(settings, self.wait), now=self.simulator.clock.now)
        with closing(services.database):
            taken = take_live(spec, Run(moment), services, spec.coins.named)
        for error in taken.refused.values():
            raise error
        (snapshot,) = taken.snapshots.values()
        return snapshot

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with closing(Database(self.database_url)) as database, database.writing() as connection:
            yield connection

    def answers(self) -> list[Any]:
        """The rows of shared answers."""
        with self.writing() as connection:
            return list(connection.execute(text("SELECT * FROM shared_answers ORDER BY id")))

    @property
    def asked(self) -> list[str]:
        return [request.query["ids"] for request in self.simulator.requests]


def stale(coin: str, moment: datetime, times: int | None = None) -> Fault:
    value = f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"
    return Fault(kind="replace_field", field="last_updated", value=value, coin=coin, times=times)
