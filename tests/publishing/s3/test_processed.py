"""The processed table, from rows to an S3 server: whole, and cut into days."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from pipeline_lib.analysis.processed import processed_columns, processed_rows
from pipeline_lib.database import observations, publications
from pipeline_lib.database.publications import Folder
from pipeline_lib.database.tables import price_moves
from pipeline_lib.errors import S3UnavailableError, StatisticsMissingError
from pipeline_lib.publishing.csv.cells import encode_rows
from pipeline_lib.publishing.s3 import ProcessedReport, publish_processed_table
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.specs import Window
from tests.publishing.s3.published_pipeline import Pipeline

TABLE = "processed/bitcoin_processed.csv"
DAYS = [date(2018, 2, 5) + timedelta(days=number) for number in range(4)]


def _publish(pipeline: Pipeline, at_most: int = 100) -> ProcessedReport:
    pipeline.compute()
    return publish_processed_table(pipeline.source, pipeline.destination, at_most=at_most)


def _day(day: date) -> str:
    return f"processed/date={day}/bitcoin_processed.csv"


def _expected(pipeline: Pipeline) -> bytes:
    with pipeline.source.reading() as connection:
        found = [each.observation for each in observations.read_by_arrival(connection, "bitcoin")]
    windows = pipeline.source.spec.windows
    header = (",".join(processed_columns(windows)) + "\n").encode()
    rows = processed_rows(found, windows)
    return header + encode_rows(
        [f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in row] for row in rows
    )


def _progress(pipeline: Pipeline) -> int | None:
    source = pipeline.source
    with source.reading() as connection:
        target = source.find_target(connection, pipeline.destination)
        progress = target and publications.read_progress(connection, target, Folder.PROCESSED)
    return progress.arrival if progress else None


def test_the_whole_table_is_what_the_observations_give(pipeline_on_each: Pipeline) -> None:
    for hour in (30, 0, 1, 12):
        pipeline_on_each.record(hour)
    report = _publish(pipeline_on_each)
    assert report == ProcessedReport((DAYS[0], DAYS[1]), 0, table_changed=True)
    table = _expected(pipeline_on_each)
    header, *rows = table.splitlines(keepends=True)
    assert pipeline_on_each.objects() == {
        TABLE: table,
        **{
            _day(day): header + b"".join(row for row in rows if row.startswith(str(day).encode()))
            for day in DAYS[:2]
        },
    }
    assert _progress(pipeline_on_each) == 4


def test_an_ordinary_hour_looks_at_its_day_alone(pipeline_on_each: Pipeline) -> None:
    for hour in (0, 24):
        pipeline_on_each.record(hour)
    _publish(pipeline_on_each)
    pipeline_on_each.record(25)
    report = _publish(pipeline_on_each)
    assert (report.days, report.table_changed) == ((DAYS[1],), True)
    assert _publish(pipeline_on_each) == ProcessedReport((), 0, table_changed=False)


def test_a_late_row_publishes_the_days_whose_rows_it_changes(pipeline_on_each: Pipeline) -> None:
    for hour in (0, 12, 24, 60):
        pipeline_on_each.record(hour)
    _publish(pipeline_on_each)
    before = pipeline_on_each.objects()
    pipeline_on_each.record(20, price="6000")
    # The row of the last day sees nothing of it in 24 hours, but it is among its last three rows.
    assert _publish(pipeline_on_each).days == (DAYS[1], DAYS[3])
    after = pipeline_on_each.objects()
    assert after[TABLE] == _expected(pipeline_on_each)
    assert after[_day(DAYS[1])] != before[_day(DAYS[1])]


def test_changed_days_beyond_a_limit_are_left_and_made_up_for(pipeline: Pipeline) -> None:
    for hour in (0, 24, 48, 72):
        pipeline.record(hour)
    reports = [_publish(pipeline, at_most=2) for _ in range(3)]
    assert [(report.days, report.left) for report in reports] == [
        (tuple(DAYS[:2]), 2),
        (tuple(DAYS[2:]), 0),
        ((), 0),
    ]


def test_a_runs_own_day_comes_first_and_must_be_there(pipeline: Pipeline) -> None:
    for hour in (0, 24, 48):
        pipeline.record(hour)
    pipeline.compute()
    source, destination = pipeline.source, pipeline.destination
    report = publish_processed_table(source, destination, day=DAYS[2], at_most=1)
    assert (report.days, report.left) == ((DAYS[2],), 2)
    with pytest.raises(StatisticsMissingError) as caught:
        publish_processed_table(source, destination, day=DAYS[3], at_most=1)
    assert (caught.value.pipeline, caught.value.day) == ("bitcoin", DAYS[3])


def test_other_windows_publish_every_day_anew(pipeline: Pipeline) -> None:
    for hour in (0, 24):
        pipeline.record(hour)
    _publish(pipeline)
    other = pipeline.with_windows(Window("2_rows", 2))
    report = _publish(other)
    assert (report.days, report.table_changed) == (tuple(DAYS[:2]), True)
    assert other.objects()[TABLE] == _expected(other)
    assert b"mean_2_rows" in other.objects()[_day(DAYS[0])]


def test_rows_that_were_computed_again_to_the_same_values_are_not_sent(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (0, 1):
        pipeline.record(hour)
    _publish(pipeline)
    with pipeline.source.writing() as connection:
        connection.execute(update(price_moves).values(changed_at_arrival=99))

    def refuse(*_: object) -> None:
        raise S3UnavailableError("nothing is to be asked")

    for name in ("find", "replace"):
        monkeypatch.setattr(Bucket, name, refuse)
    report = publish_processed_table(pipeline.source, pipeline.destination, at_most=100)
    assert (report.days, report.table_changed) == ((DAYS[0],), False)


def test_what_was_published_before_a_failure_is_noted(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (0, 24, 48):
        pipeline.record(hour)
    pipeline.compute()
    put = Bucket.replace

    def fail_once(bucket: Bucket, key: str, content: bytes, content_type: str, etag: str | None) -> str:
        if "date=2018-02-06" in key:
            raise S3UnavailableError("away")
        return put(bucket, key, content, content_type, etag)

    with monkeypatch.context() as failing:
        failing.setattr(Bucket, "replace", fail_once)
        with pytest.raises(S3UnavailableError, match="away"):
            publish_processed_table(pipeline.source, pipeline.destination, at_most=100)
    assert _publish(pipeline).days == (DAYS[1], DAYS[2])
    assert pipeline.objects()[TABLE] == _expected(pipeline)


def test_without_statistics_nothing_is_published(pipeline: Pipeline) -> None:
    assert not publish_processed_table(pipeline.source, pipeline.destination, at_most=9).days
    pipeline.record(0)
    assert not publish_processed_table(pipeline.source, pipeline.destination, at_most=9).days
    assert pipeline.objects() == {}


def test_another_coin_in_the_spec_publishes_its_own_rows_alone(pipeline: Pipeline) -> None:
    pipeline.record(0)
    pipeline.add_second_part(0, "ethereum")
    _publish(pipeline)
    assert pipeline.objects()[TABLE].splitlines()[1].startswith(b"2018-02-05T14:00:00Z,7000.50,")
    assert pipeline.objects()[TABLE].count(b"\n") == 2
