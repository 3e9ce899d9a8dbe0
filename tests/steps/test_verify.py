"""A whole pipeline's verification, with S3 and without."""

from dataclasses import replace

import pytest

from pipeline_lib.specs import S3Target
from pipeline_lib.steps.verify import Verification, verify
from tests.steps.world import CRASH, World


@pytest.fixture
def published(world: World) -> World:
    world.run_all(CRASH)
    return world


def test_what_a_run_leaves_is_proved(published: World) -> None:
    assert verify(published.spec, published.services) == Verification(1, ())


def test_a_lost_object_is_a_difference(published: World) -> None:
    lost = min(published.objects())
    published.bucket.client.delete_object(Bucket=published.bucket.name, Key=lost)
    verification = verify(published.spec, published.services)
    assert [each.place for each in verification.differences] == [published.bucket.location(lost)]
    assert verification.s3_skipped == ""


def test_without_a_place_on_s3_the_files_alone_are_checked(published: World) -> None:
    published.data.joinpath("btc_processed.csv").unlink()
    verification = verify(replace(published.spec, s3=None), published.services)
    assert [each.reason for each in verification.differences] == ["it is missing"]
    assert verification.s3_skipped == "the spec has no s3 section"


def test_a_damaged_table_is_one_difference_and_keeps_s3_from_being_compared(published: World) -> None:
    table = published.data / "btc_processed.csv"
    table.write_bytes(table.read_bytes() + b"no row\n")
    verification = verify(published.spec, published.services)
    assert [each.place for each in verification.differences] == [f"{table}:3"]
    assert verification.s3_skipped.startswith(f"{table}:3: ")


def test_a_bucket_that_cant_be_read_is_a_difference(published: World) -> None:
    spec = replace(published.spec, s3=S3Target("none-such", "crypto/btc"))
    (difference,) = verify(spec, published.services).differences
    assert difference.place == "s3://none-such/crypto/btc"
    assert difference.reason.startswith("can't be compared: ")
