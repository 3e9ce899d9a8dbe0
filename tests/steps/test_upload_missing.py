"""Publishing all that S3 lacks, batch by batch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import Destination, Source
from pipeline_lib.steps.upload_missing import Batch, start_upload, upload_days, upload_snapshots
from tests.steps.world import CRASH, World

HOURS = [CRASH + timedelta(hours=number) for number in range(5)]


@pytest.fixture
def emptied(world: World) -> World:
    """A pipeline of five hours whose objects are lost, though the database says they are there."""
    for hour in HOURS:
        world.run_all(hour)
    for key in world.objects():
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)
    return world


def started(world: World) -> tuple[Source, Destination]:
    found = start_upload(world.spec, world.services)
    assert not isinstance(found, Skipped)
    return found


def test_all_that_is_missing_comes_in_batches(emptied: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_lib.steps.upload_missing._BATCH", 2)
    source, destination = started(emptied)
    assert list(upload_snapshots(source, destination)) == [Batch(2, 3), Batch(2, 1), Batch(1, 0)]
    assert list(upload_days(source, destination)) == [Batch(1, 0)]
    assert len(emptied.objects()) == 13


def test_a_snapshot_that_cant_be_published_is_refused_and_the_others_go_on(emptied: World) -> None:
    source, destination = started(emptied)
    source.layout.snapshot_json(HOURS[1]).unlink()
    (batch,) = upload_snapshots(source, destination)
    assert (batch.published, batch.left) == (4, 0)
    assert [str(error).partition(" (")[0] for error in batch.refused] == [
        f"there is no snapshot {source.layout.snapshot_json(HOURS[1])}"
    ]


def test_refused_snapshots_beyond_a_batch_end_an_upload(
    emptied: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.steps.upload_missing._BATCH", 2)
    source, destination = started(emptied)
    for hour in HOURS[:3]:
        source.layout.snapshot_json(hour).unlink()
    batches = list(upload_snapshots(source, destination))
    assert [(batch.published, batch.left) for batch in batches] == [(0, 3), (1, 1), (1, 0)]


def test_without_observations_or_a_destination_nothing_is_started(world: World) -> None:
    assert start_upload(world.spec, world.services) == Skipped("the database has no observation of btc")
    unpublished = replace(world.spec, s3=None)
    assert start_upload(unpublished, world.services) == Skipped("the spec has no s3 section")
