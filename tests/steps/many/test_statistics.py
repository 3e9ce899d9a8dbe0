"""Statistics and files of a pipeline of several coins."""

from datetime import timedelta

from pipeline_lib import steps
from pipeline_lib.model.outcome import Done
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Run
from pipeline_lib.steps.exports import append_files, rewrite_files
from pipeline_lib.steps.replay import replay
from pipeline_lib.steps.verify import verify
from tests.steps.many.world import COINS, HOUR, START, ManyCoins

RAW, PROCESSED = "majors_raw/2025-{}.csv", "majors_processed/2025-{}.csv"


def test_each_coin_has_the_statistics_of_a_pipeline_of_its_own(many: ManyCoins) -> None:
    many.run(*range(6))
    (many.project / "dag_configs" / "alone.yaml").write_text(
        'spec_version: 1\ncoin: solana\nschedule: "@hourly"\n', encoding="utf-8"
    )
    for hour in range(6):
        _run_alone(many, hour)
    own = [line for line in many.lines(PROCESSED.format("03")) if ",solana," in line]
    own += [line for line in many.lines(PROCESSED.format("04")) if ",solana," in line]
    assert [line.replace(",solana,", ",") for line in own] == many.lines("alone_processed.csv")[1:]


def _run_alone(many: ManyCoins, hour: int) -> None:
    spec = Catalog(many.services.settings.dag_configs_dir).load("alone")
    run = Run(START + hour * HOUR)
    many.simulator.clock.set(run.moment + timedelta(seconds=30))
    steps.fetch_and_save_price(spec, run, many.services)
    steps.compute_moving_average(spec, run, many.services)


def test_files_are_of_a_month_by_moment_and_coin(many: ManyCoins) -> None:
    many.run(*range(6))
    march, april = many.lines(RAW.format("03")), many.lines(RAW.format("04"))
    assert [line.split(",")[:2] for line in march[1:6]] == [["2025-03-31T20:00:00Z", coin] for coin in COINS]
    assert (len(march), len(april)) == (1 + 4 * 5, 1 + 2 * 5)
    header = many.lines(PROCESSED.format("03"))[0]
    assert header.startswith("timestamp,coin,price,change_1h_percent,change_24h_percent,log_return,mean_24h,")


def test_a_late_row_rewrites_its_month_and_no_other(many: ManyCoins) -> None:
    many.run(*range(3), *range(28, 31))
    april = (many.data / RAW.format("04")).read_bytes()
    many.simulator.clock.set(START + 31 * HOUR)
    many.fetch(2, is_backfill=True)
    many.fetch(3, is_backfill=True)
    assert many.compute(3) == Done("35 rows up to 2025-04-02T02:00:00Z")
    assert (many.data / RAW.format("04")).read_bytes() == april
    moments = [line.split(",")[0] for line in many.lines(RAW.format("03"))[1:]]
    assert moments == sorted(moments)
    assert len(moments) == 20
    assert verify(many.spec, many.services).differences == ()


def test_files_are_those_of_a_rebuild(many: ManyCoins) -> None:
    many.run(*range(5))
    written = {path: path.read_bytes() for path in many.data.glob("majors_*/*.csv")}
    assert len(written) == 4
    assert [each.exported.changed for each in append_files(many.spec, many.services) if each.exported] == [
        False
    ] * 4
    assert all(each.exported for each in rewrite_files(many.spec, many.services))
    assert {path: path.read_bytes() for path in written} == written


def test_an_edited_file_is_refused_and_the_others_go_on(many: ManyCoins) -> None:
    many.run(0)
    path = many.data / RAW.format("03")
    path.write_bytes(path.read_bytes() + b"edited\n")
    done = many.fetch(1)
    assert isinstance(done, Done)
    assert "2025-03.csv, line 7: no row of edited was written here" in done.warnings[0]
    assert many.compute(1) == Done("10 rows up to 2025-03-31T21:00:00Z")


def test_an_archive_gives_everything_again(many: ManyCoins) -> None:
    many.write("[aave, bitcoin, unknown-coin]")
    many.run(*range(4))
    before = {path: path.read_bytes() for path in many.data.rglob("*.csv")}
    tables = ("arrivals", "observations", "window_statistics", "latest_observations")
    rows = {table: sorted(many.rows(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608
    with many.services.database.writing() as connection:
        for table in ("price_moves", *tables[1:], "statistics_state", "arrivals"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        connection.exec_driver_sql(
            "UPDATE pipelines SET arrivals = 0, chain_sha256 = '0', manifest_day = NULL"
        )
    replay(many.spec, many.services, lambda _done, _all: None)
    assert {path: path.read_bytes() for path in many.data.rglob("*.csv")} == before
    assert {table: sorted(many.rows(f"SELECT * FROM {table}")) for table in tables} == rows  # noqa: S608
    assert verify(many.spec, many.services).differences == ()
