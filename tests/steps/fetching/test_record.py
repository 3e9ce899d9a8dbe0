"""Manifest and raw log, which hold the same snapshots in the same order."""

import errno
import os
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.archive import manifest_chain as manifests
from pipeline_lib.archive.snapshots import write_snapshot
from pipeline_lib.errors import SnapshotMissingError, TableDamagedError
from pipeline_lib.model.observation import Observation, Snapshot
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import hash_snapshot, record
from pipeline_lib.store.log import log_index, raw_log
from tests.archive.chain import read_chain
from tests.store.log.appending import append


@pytest.fixture
def hours(snapshot: Snapshot, layout: Layout) -> list[Observation]:
    """Five archived hours, not yet recorded."""
    found = []
    for hour in range(5):
        moment = snapshot.observation.moment + timedelta(hours=7 * hour)
        observation = replace(snapshot.observation, moment=moment)
        write_snapshot(layout, replace(snapshot, observation=observation))
        found.append(observation)
    return found


def _recorded(layout: Layout) -> list[Observation]:
    chain = read_chain(layout.manifests)
    moments = [entry.moment for manifest in chain for entry in manifest.records]
    rows = raw_log.read(layout.raw_log)
    assert [row.moment for row in rows] == moments
    return rows


def test_log_and_manifest_hold_the_order_of_arrival(layout: Layout, hours: list[Observation]) -> None:
    shuffled = Random(3).sample(hours, len(hours))  # noqa: S311 (an order, not a secret)
    assert [record(layout, row) for row in shuffled] == [True] * 5
    assert _recorded(layout) == shuffled


def test_a_moment_is_recorded_once(layout: Layout, hours: list[Observation]) -> None:
    for row in hours:
        record(layout, row)
    before = (layout.raw_log.read_bytes(), read_chain(layout.manifests))
    assert [record(layout, row) for row in hours] == [False] * 5
    assert (layout.raw_log.read_bytes(), read_chain(layout.manifests)) == before


@pytest.mark.parametrize("killed_at", range(5))
@pytest.mark.parametrize("next_one", range(5))
def test_who_comes_next_adds_the_row_of_a_process_killed_before_its_own(
    layout: Layout, hours: list[Observation], killed_at: int, next_one: int
) -> None:
    for row in hours[:killed_at]:
        record(layout, row)
    manifests.add(layout.manifests, hash_snapshot(layout, hours[killed_at].moment))
    added = record(layout, hours[next_one])
    assert added == (next_one >= killed_at)
    assert _recorded(layout) == [
        *hours[: killed_at + 1],
        *(hours[next_one:][:1] if next_one > killed_at else []),
    ]


def test_a_left_row_whose_snapshot_is_gone_is_told(layout: Layout, hours: list[Observation]) -> None:
    manifests.add(layout.manifests, hash_snapshot(layout, hours[0].moment))
    layout.snapshot_json(hours[0].moment).unlink()
    with pytest.raises(SnapshotMissingError):
        record(layout, hours[1])


@pytest.mark.parametrize(
    ("kept", "told"), [(0, "it holds no row"), (2, "its last row is of 2018-02-05T21:00")]
)
def test_a_log_that_lost_rows_is_told_and_left(
    layout: Layout, hours: list[Observation], kept: int, told: str
) -> None:
    for row in hours[:4]:
        record(layout, row)
    lines = layout.raw_log.read_bytes().splitlines(keepends=True)
    content = b"".join(lines[: kept + 1]) if kept else b""
    layout.raw_log.write_bytes(content)
    chain = read_chain(layout.manifests)
    with pytest.raises(TableDamagedError, match=told) as caught:
        record(layout, hours[4])
    assert "but the snapshot that came last is of 2018-02-06T11:00:00Z" in caught.value.message
    assert caught.value.hint == "coin-pipelines replay makes the log again from the archive"
    assert (layout.raw_log.read_bytes(), read_chain(layout.manifests)) == (content, chain)


def test_a_log_of_which_no_manifest_knows_is_told_and_left(layout: Layout, hours: list[Observation]) -> None:
    append(layout.raw_log, hours[0])
    content = layout.raw_log.read_bytes()
    with pytest.raises(TableDamagedError, match="no manifest lists the snapshots of its rows"):
        record(layout, hours[1])
    assert layout.raw_log.read_bytes() == content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_a_disk_that_fills_at_any_write_loses_nothing(
    layout: Layout, hours: list[Observation], data: st.DataObject
) -> None:
    for path in (layout.raw_log, log_index.index_path(layout.raw_log), *layout.manifests.glob("*")):
        path.unlink(missing_ok=True)
    order = data.draw(st.permutations(hours))
    room = data.draw(st.integers(0, 1500))
    really_write = os.write

    def write(descriptor: int, content: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really_write(descriptor, content[:room])
        room -= written
        return written

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "write", write)
        done = []
        try:
            for row in order:
                record(layout, row)
                done.append(row)
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 (not every example fails)
    assert raw_log.read(layout.raw_log) == done
    for row in order:
        record(layout, row)
    assert _recorded(layout)[: len(done)] == done
    assert sorted(_recorded(layout), key=lambda row: row.moment) == hours
