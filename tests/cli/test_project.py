from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipeline_lib.cli.project import MOMENT, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import SettingsError, SpecNotFoundError, UnknownCoinError
from pipeline_lib.specs import OneCoin


@pytest.mark.parametrize(
    "text", ["2018-02-05T14:00:00Z", "2018-02-05T15:00:00+01:00", "2018-02-05 14:00:00.9Z"]
)
def test_a_time_with_its_zone_is_a_moment(text: str) -> None:
    assert MOMENT.convert(text, None, None) == datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2018-02-05", "20180205", "2018-W06-1"])
def test_a_date_is_its_midnight(text: str) -> None:
    assert MOMENT.convert(text, None, None) == datetime(2018, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
def test_the_first_and_the_last_moments_that_can_be_asked_for(text: str) -> None:
    assert format_moment(MOMENT.convert(text, None, None)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no time"),
        ("yesterday", "is no time"),
        ("2018-02-30", "is no time"),
        ("2018-02-05T14:00:00", "has no time zone"),
        ("0001-01-01T00:00:00Z", "lies outside the years 1970 to 2199"),
        ("0001-01-01T00:00:00+01:00", "lies outside the years 1970 to 2199"),
        ("9999-12-31T23:59:59Z", "lies outside the years 1970 to 2199"),
        ("9999-12-31T23:59:59-01:00", "lies outside the years 1970 to 2199"),
        ("1970-01-01T00:00:00+01:00", "lies outside the years 1970 to 2199"),
        ("0001-01-01", "lies outside the years 1970 to 2199"),
    ],
)
def test_any_other_text_is_misuse_and_told_what_to_write(text: str, reason: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        MOMENT.convert(text, None, None)
    assert caught.value.message == (
        f"{text!r} {reason}; write a time with its zone, such as 2018-02-05T14:00:00Z, "
        "or a date, such as 2018-02-05, for its midnight (UTC)"
    )


def test_a_moment_stays_one() -> None:
    moment = datetime(2018, 2, 5, 14, tzinfo=UTC)
    assert MOMENT.convert(moment, None, None) is moment


def test_the_project_is_the_current_folder(project: Path) -> None:
    settings = current_settings()
    assert settings.dag_configs_dir == project / "dag_configs"
    assert settings.data_dir == project / "data"


def test_the_environment_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(project / "elsewhere"))
    assert current_settings().data_dir == project / "elsewhere"
    monkeypatch.setenv("COINGECKO_BASE_URL", "http://market.example")
    with pytest.raises(SettingsError):
        current_settings()


@pytest.mark.usefixtures("project")
def test_a_pipeline_is_found_by_its_name() -> None:
    assert load_pipeline(current_settings(), "bitcoin").coins == OneCoin("bitcoin")
    with pytest.raises(SpecNotFoundError):
        load_pipeline(current_settings(), "ethereum")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (UnknownCoinError("x"), ""),
        (PermissionError(13, "Permission denied", "file.csv"), " (let Airflow's user write to DATA_DIR)"),
    ],
)
def test_an_error_of_ours_or_of_the_disk_is_one_line_and_exit_1(error: Exception, advice: str) -> None:
    @click.command()
    @reporting_errors
    def failing() -> None:
        raise error

    result = CliRunner().invoke(failing)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {error}{advice}\n"


def test_a_mistake_in_the_program_is_not_dressed_up() -> None:
    @click.command()
    @reporting_errors
    def failing() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(failing).exception, ZeroDivisionError)
