"""A pipeline of several coins in a made-up market."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline_lib import steps
from pipeline_lib.common.waiting import Wait
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.steps import Run, Services

START = datetime(2025, 3, 31, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
COINS = ("aave", "bitcoin", "dogecoin", "ethereum", "solana")
LISTED = (*COINS, "cardano", "chainlink", "litecoin", "polkadot", "ripple")
NAME = "majors"


@dataclass(frozen=True)
class ManyCoins:
    """What the steps of one pipeline reach; the market's clock and the real one are the same.

    Attributes:
        project: The folder of specs and data.
        services: Reaches the simulator.
        simulator: Knows ``LISTED``.
    """

    project: Path
    services: Services
    simulator: Simulator

    @property
    def data(self) -> Path:
        return self.services.settings.data_dir

    @property
    def spec(self) -> PipelineSpec:
        return Catalog(self.services.settings.dag_configs_dir).load(NAME)

    def write(self, coins: str, *lines: str, name: str = NAME) -> None:
        """Write the spec; ``coins`` is YAML on one line."""
        folder = self.project / "dag_configs"
        folder.mkdir(exist_ok=True)
        text = "\n".join(["spec_version: 1", f"coins: {coins}", 'schedule: "@hourly"', *lines, ""])
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def fetch(
        self, hour: int, *, is_backfill: bool = False, late: timedelta = timedelta(seconds=30)
    ) -> Outcome:
        """Run the first step of the moment so many hours after ``START``, shortly after it."""
        moment = START + hour * HOUR
        if not is_backfill:
            self.simulator.clock.set(moment + late)
        run = Run(moment, is_backfill=is_backfill)
        return _without_files(steps.fetch_and_save_price(self.spec, run, self.services))

    def compute(self, hour: int) -> Outcome:
        """Run the step that computes statistics."""
        run = Run(START + hour * HOUR)
        return _without_files(steps.compute_moving_average(self.spec, run, self.services))

    def alert(self, hour: int) -> Outcome:
        """Run the step that sends alerts."""
        return steps.send_price_alerts(self.spec, Run(START + hour * HOUR), self.services)

    def run(self, *hours: int) -> None:
        """Fetch and compute, hour by hour."""
        for hour in hours:
            self.fetch(hour)
            self.compute(hour)

    def waiting(self, wait: Wait) -> "ManyCoins":
        """The same surroundings with another way to wait."""
        return replace(self, services=replace(self.services, wait=wait))

    def put_price(self, coin: str, price: float, times: int = 1) -> None:
        """Have CoinGecko say another price of a coin."""
        self.simulator.faults.add(
            Fault(kind="replace_field", field="current_price", value=price, coin=coin, times=times)
        )

    def rows(self, sql: str, **parameters: object) -> list[tuple[object, ...]]:
        """What a query gives."""
        with self.services.database.reading() as connection:
            found = connection.exec_driver_sql(sql, parameters).all()
        self.services.database.close()
        return [tuple(row) for row in found]

    def coins_at(self, hour: int) -> list[object]:
        """The coins that have an observation of a moment."""
        moment = f"{START + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}"
        query = "SELECT coin FROM observations JOIN series ON series.id = series_id WHERE moment = :moment"
        return sorted(coin for (coin,) in self.rows(query, moment=moment))  # type: ignore[type-var]

    def lines(self, path: str) -> list[str]:
        """The lines of a file of data."""
        return (self.data / path).read_text(encoding="utf-8").splitlines()


def _without_files(outcome: Outcome) -> Outcome:
    """An outcome that says nothing of the sizes of files."""
    if isinstance(outcome, Done):
        return replace(outcome, summary=outcome.summary.partition("; ")[0])
    return outcome
