from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.simulator.market.series import CsvSeries


def _file(folder: Path, text: str) -> Path:
    path = folder / "prices.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def with_a_gap(tmp_path: Path) -> CsvSeries:
    return CsvSeries(
        _file(
            tmp_path,
            "timestamp,close_usd,volume_usd\n"
            "2018-02-05T14:00:00Z,2509.17,287000.32\n"
            "2018-02-05T15:00:00Z,2488.40,\n"
            "2018-02-05T18:00:00Z,2500,1\n",
        )
    )


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(2018, 2, 5, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "time", "price"),
    [
        (_at(14), _at(14), "2509.17"),
        (_at(14, 59), _at(14), "2509.17"),
        (_at(17), _at(15), "2488.40"),
        (_at(23), _at(18), "2500"),
    ],
)
def test_the_last_close_at_or_before_the_moment_is_quoted(
    with_a_gap: CsvSeries, moment: datetime, time: datetime, price: str
) -> None:
    quote = with_a_gap.quote_at(moment)
    assert quote is not None
    assert (quote.time, str(quote.price)) == (time, price)


def test_before_the_first_row_there_is_no_quote(with_a_gap: CsvSeries) -> None:
    assert with_a_gap.quote_at(_at(13, 59)) is None


def test_an_empty_volume_is_none(with_a_gap: CsvSeries) -> None:
    assert [quote.volume for quote in with_a_gap.between(_at(14), _at(15))] == [Decimal("287000.32"), None]


def test_a_span_includes_both_ends(with_a_gap: CsvSeries) -> None:
    assert [quote.time for quote in with_a_gap.between(_at(15), _at(18))] == [_at(15), _at(18)]
    assert list(with_a_gap.between(_at(16), _at(17))) == []


def test_the_volume_column_may_be_absent(tmp_path: Path) -> None:
    quote = CsvSeries(_file(tmp_path, "timestamp,close_usd\n2018-02-05T14:00:00Z,1\n")).quote_at(_at(14))
    assert quote is not None
    assert quote.volume is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the header is ''"),
        ("time,price\n", 1, "the header is 'time,price'"),
        ("timestamp,close_usd\n", 1, "no row"),
        ("timestamp,close_usd\n2018-02-05T14:00:00Z,1\n2018-02-05T15:00:00Z\n", 3, "1 value, not 2"),
        ("timestamp,close_usd\n2018-02-05T14:00:00Z,1\n\n", 3, "0 values, not 2"),
        ("timestamp,close_usd\n2018-02-05T14:00:00Z,many\n", 2, "'many' is not a number"),
        ("timestamp,close_usd\n2018-02-05T14:00:00Z,nan\n", 2, "'nan' is not a finite number"),
        ("timestamp,close_usd\n2018-02-05T14:00:00Z,0\n", 2, "not above zero"),
        ("timestamp,close_usd\nyesterday,1\n", 2, "yesterday"),
        ("timestamp,close_usd\n2018-02-05T14:00:00,1\n", 2, "no time zone"),
        (
            "timestamp,close_usd\n2018-02-05T14:00:00Z,1\n2018-02-05T14:00:00Z,1\n",
            3,
            "not after the row above",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(TableDamagedError) as caught:
        CsvSeries(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableDamagedError, match="No such file"):
        CsvSeries(tmp_path / "absent.csv")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"timestamp,close_usd\n2018-02-05T14:00:00Z,\xff\n")
    with pytest.raises(TableDamagedError, match="utf-8"):
        CsvSeries(path)
