"""Another name for a pipeline that has run, with its objects on S3."""

import errno
import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select

from pipeline_lib.database import lifecycle
from pipeline_lib.database.tables import pipelines
from pipeline_lib.errors import (
    NameChangeRefusedError,
    SnapshotDamagedError,
    SnapshotMissingError,
)
from pipeline_lib.specs import S3Target
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.lifecycle.renaming import (
    delete_former_objects,
    plan_renaming,
    publish_under_new_name,
    rename_rows_and_files,
)
from pipeline_lib.steps.verify import verify
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)


@pytest.fixture
def ran(world: World) -> World:
    """Two hours, the second of which sent an alert."""
    world.run_all(CRASH - HOUR)
    world.run_all(CRASH)
    return world


@pytest.fixture
def fetched(world: World) -> World:
    """One observation, and nothing else of its run."""
    world.fetch(CRASH)
    return world


def under_new_name(world: World) -> World:
    """The same under a new name, so far in the spec alone."""
    return world.with_spec(lambda spec: replace(spec, name="coin"))


def rename(world: World, old: str = "btc", old_prefix: str | None = None) -> tuple[int, int]:
    """Rename everything; how many files and folders moved, and how many objects were deleted."""
    renaming = plan_renaming(old, world.spec, world.services, old_prefix)
    moved = rename_rows_and_files(renaming, world.services)
    for _ in publish_under_new_name(renaming, world.services):
        pass
    return len(moved), delete_former_objects(renaming)


def with_new_name(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {
        key.replace("btc_raw", "coin_raw")
        .replace("btc_processed", "coin_processed")
        .replace("archive/btc", "archive/coin"): content
        for key, content in contents.items()
    }


def test_everything_has_the_new_name_and_the_same_bytes(ran: World) -> None:
    renamed = under_new_name(ran)
    files, objects = ran.files(), ran.objects()
    assert any("btc_processed" in key for key in objects)
    # The raw log, the processed table, the note beside each, and the archive.
    assert rename(renamed) == (5, 3)
    assert renamed.files() == with_new_name(files)
    assert renamed.objects() == with_new_name(objects)
    assert not [path for path in renamed.data.rglob("*btc*") if ".lock" not in path.name]
    assert verify(renamed.spec, renamed.services).differences == ()
    assert rename(renamed) == (0, 0), "a second call finds nothing left to do"
    assert renamed.objects() == with_new_name(objects)


def test_nothing_is_told_twice_and_runs_go_on(ran: World) -> None:
    renamed = under_new_name(ran)
    told, events = ran.delivered(), ran.events()
    rename(renamed)
    assert renamed.events() == events
    assert "already delivered" in renamed.run_all(CRASH)[3]
    assert renamed.delivered() == told
    renamed.fetch(CRASH + HOUR)
    with renamed.services.database.reading() as connection:
        assert connection.execute(select(pipelines.c.name, pipelines.c.arrivals)).all() == [("coin", 3)]
    archive = renamed.data / "archive" / "coin"
    names = [json.loads(path.read_bytes())["pipeline"] for path in sorted(archive.glob("*.json"))]
    assert names == ["btc", "btc", "coin"], "a snapshot keeps the name under which it was archived"
    differences = verify(renamed.spec, renamed.services).differences
    assert not [each for each in differences if str(archive) in each.place]


def test_objects_of_another_prefix_move_along(ran: World) -> None:
    objects = ran.objects()
    target = S3Target(bucket=ran.bucket.name, prefix="market/coin")
    moved = ran.with_spec(lambda spec: replace(spec, name="coin", s3=target))
    with pytest.raises(NameChangeRefusedError, match=r"not below s3://.*/market/coin \(give .* --old-prefix"):
        rename(moved)
    with pytest.raises(NameChangeRefusedError, match=r"not below s3://.*/crypto/other \("):
        rename(moved, old_prefix="crypto/other")
    assert ran.objects() == objects
    lost = "crypto/btc/raw/date=2018-01-01/hour=00/20180101T000000Z.json"
    ran.bucket.put_immutable(lost, b"only here", "application/json")
    assert rename(moved, old_prefix="crypto/btc") == (5, len(objects))
    assert moved.objects() == {
        lost: b"only here",
        **{key.replace("crypto/btc", "market/coin"): value for key, value in with_new_name(objects).items()},
    }
    assert verify(moved.spec, moved.services).differences == ()


def test_a_name_that_is_taken_is_refused(fetched: World) -> None:
    renamed = under_new_name(fetched)
    other = renamed.with_spec(lambda spec: replace(spec, s3=None))
    other.fetch(CRASH)
    before = renamed.files()
    with pytest.raises(NameChangeRefusedError) as caught:
        rename(renamed)
    assert str(caught.value) == (
        "btc can't become coin: the database has a pipeline coin "
        "(if nobody needs what coin has: coin-pipelines remove coin)"
    )
    assert renamed.files() == before


@pytest.mark.parametrize("place", ["archive/coin/somebody.txt", "coin_raw.csv", "manifests/coin/x.sha256"])
def test_a_place_that_is_taken_is_refused_before_anything_moves(fetched: World, place: str) -> None:
    renamed = under_new_name(fetched)
    if place.startswith("manifests"):
        (renamed.data / "manifests" / "btc").mkdir(parents=True)
        (renamed.data / "manifests" / "btc" / "2018-02-05.sha256").write_text("# first\n")
    (renamed.data / place).parent.mkdir(parents=True, exist_ok=True)
    (renamed.data / place).write_text("of somebody else")
    before = renamed.files()
    with pytest.raises(NameChangeRefusedError, match=r"is there already \("):
        rename(renamed)
    assert renamed.files() == before


def test_a_name_that_nobody_knows_is_refused(fetched: World) -> None:
    renamed = under_new_name(fetched)
    with pytest.raises(NameChangeRefusedError, match=r"the database knows no nobody \(coin-pipelines list"):
        rename(renamed, old="nobody")


def test_without_credentials_nothing_moves(fetched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = under_new_name(fetched)
    before = renamed.files()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(NameChangeRefusedError, match=r"no AWS credentials were found \("):
        rename(renamed)
    assert renamed.files() == before


def test_an_archive_that_was_moved_by_hand_or_by_its_variable_is_taken_where_it_is(fetched: World) -> None:
    renamed = under_new_name(fetched)
    elsewhere = renamed.data.parent / "elsewhere"
    (renamed.data / "archive" / "btc").rename(elsewhere)
    with pytest.raises(SnapshotMissingError):
        rename(renamed)
    settings = replace(renamed.services.settings, paths={"COIN_ARCHIVE_PATH": elsewhere})
    moved = replace(renamed, services=replace(renamed.services, settings=settings))
    assert rename(moved) == (2, 0)
    assert len([*elsewhere.glob("*.json")]) == 1


def test_an_archive_of_something_else_is_refused(fetched: World) -> None:
    renamed = under_new_name(fetched)
    (newest := max((renamed.data / "archive" / "btc").glob("*.json"))).chmod(0o644)
    newest.write_bytes(b"{}")
    with pytest.raises(SnapshotDamagedError):
        rename(renamed)
    assert (renamed.data / "btc_raw.csv").exists()


def test_what_is_moved_when_the_rest_fails_is_found_by_the_next_call(
    fetched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, renamed = fetched.files(), under_new_name(fetched)

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lifecycle, "rename", fail)
        with pytest.raises(OSError, match="No space left"):
            rename(renamed)
    assert renamed.files() == with_new_name(files)
    with renamed.services.database.reading() as connection:
        assert connection.scalar(select(pipelines.c.name)) == "btc"
    assert rename(renamed) == (0, 0)
    with renamed.services.database.reading() as connection:
        assert connection.scalar(select(pipelines.c.name)) == "coin"


def test_a_folder_of_months_moves_with_its_table(fetched: World) -> None:
    (fetched.data / "btc_raw").mkdir()
    (fetched.data / "btc_raw" / "2018-02.csv").write_text("x")
    rename(under_new_name(fetched))
    assert (fetched.data / "coin_raw" / "2018-02.csv").read_text() == "x"


def test_places_on_different_disks_are_told_with_what_to_do(
    fetched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = under_new_name(fetched)

    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(NameChangeRefusedError, match=r"are on different disks \(rename the variable"):
        rename(renamed)


@pytest.fixture
def unpublished(world: World) -> World:
    """A pipeline without an s3 section."""
    return world.with_spec(lambda spec: replace(spec, s3=None))


def test_a_pipeline_that_publishes_nothing_needs_no_credentials(
    unpublished: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpublished.fetch(CRASH)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    moved = unpublished.with_spec(lambda spec: replace(spec, name="coin"))
    assert rename(moved) == (3, 0)
    assert Layout.of("coin", moved.services.settings).raw_log.exists()
