"""All five steps of a run, one after the other."""

from dataclasses import replace
from datetime import timedelta

from pipeline_lib import steps
from pipeline_lib.model.outcome import Done
from pipeline_lib.steps import Run, Services
from pipeline_lib.steps.replay import replay
from tests.steps.world import CRASH, World

FETCHED = "bitcoin 7202.50 USD (1h -9.99 %, 24h -10.00 %) at 2018-02-05T14:00:00Z"


def test_a_run_says_what_it_did(world: World) -> None:
    prefix = f"s3://{world.bucket.name}/crypto/btc"
    table = f"{prefix}/processed/btc_processed.csv"
    assert world.run_all(CRASH) == [
        f"done: {FETCHED}; btc_raw.csv: 225 B",
        "done: 1 row up to 2018-02-05T14:00:00Z; 24h mean 7,202.50; btc_processed.csv: 182 B",
        f"done: published the day's partition and the processed table at {table}",
        "done: -9.99 % in 1h (fired), -10.00 % in 24h (fired): delivered to Slack",
        f"done: published the snapshot and the raw log at {prefix}/raw/btc_raw.csv",
    ]


def test_a_second_run_of_a_moment_changes_nothing_anywhere(world: World) -> None:
    world.run_all(CRASH)
    before = (world.files(), world.objects(), world.delivered(), world.simulator.requests)
    stats = {path: path.stat() for path in world.data.rglob("[!.]*.[cj]s*")}
    assert world.run_all(CRASH)[0] == f"done: {FETCHED}, as archived before; btc_raw.csv: 225 B"
    assert (world.files(), world.objects(), world.delivered(), world.simulator.requests) == before
    assert {path: path.stat() for path in world.data.rglob("[!.]*.[cj]s*")} == stats


def test_everything_but_archive_and_log_can_be_lost(world: World) -> None:
    for hours in (-2, -1, 0):
        world.run_all(CRASH + timedelta(hours=hours))
    before = (world.files(), world.objects())
    (world.data / "btc_processed.csv").unlink()
    (world.data / "archive/btc/20180205T140000Z.csv").unlink()
    for key in world.objects():
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)
    world.forget_publications()
    for hours in (-2, -1, 0):
        world.run_all(CRASH + timedelta(hours=hours))
    assert (world.files(), world.objects()) == before
    assert len(world.delivered()) == 1
    assert len(world.simulator.requests) == 3


def test_the_archive_alone_brings_back_log_and_table(world: World) -> None:
    moments = [CRASH + timedelta(hours=hours) for hours in (-3, -1, 0, -2)]
    for moment in moments:
        world.run_all(moment)
    before = world.files()
    for name in ("btc_processed.csv", "btc_raw.csv"):
        (world.data / name).unlink()
    replayed = replay(world.spec, world.services, lambda _done, _all: None)
    assert (len(replayed.order.keys), replayed.damaged) == (4, ())
    assert world.files() == before
    assert len(world.simulator.requests) == len(moments)


def test_what_a_failed_compute_step_left_is_in_the_next_ones_table(world: World) -> None:
    moments = [CRASH + timedelta(hours=hours) for hours in (-3, -2, -1, 0)]
    for moment in moments:
        world.fetch(moment)
    outcome = steps.compute_moving_average(world.spec, Run(CRASH), world.services)
    assert outcome == Done("4 rows up to 2018-02-05T14:00:00Z; 24h mean 7,801.75; btc_processed.csv: 483 B")


def test_two_pipelines_of_one_coin_share_nothing(world: World) -> None:
    other = world.with_spec(lambda spec: replace(spec, name="btc-2", s3=None))
    world.run_all(CRASH)
    before = {name: content for name, content in world.files().items() if "published" not in name}
    other.run_all(CRASH)
    after = {name: content for name, content in world.files().items() if "published" not in name}
    assert {name: after[name] for name in before} == before
    assert {name.replace("btc-2", "btc") for name in after.keys() - before.keys()} == before.keys()
    assert after["btc-2_raw.csv"] == before["btc_raw.csv"]
    assert len(world.delivered()) == 2


def test_access_by_the_environment_alone_is_enough(world: World) -> None:
    by_environment = replace(world, services=Services.from_settings(world.services.settings))
    assert [line[:4] for line in by_environment.run_all(CRASH)] == ["done"] * 5
    assert len(world.delivered()) == 1
    assert by_environment.services.now() > CRASH
