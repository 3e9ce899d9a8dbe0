import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.specs import Schedule
from pipeline_lib.specs.model import (
    AlertPolicy,
    DeviationRule,
    OneCoin,
    PipelineSpec,
    QualityLimits,
    S3Layout,
    S3Target,
    Thresholds,
    Window,
)
from pipeline_lib.specs.reading.completion import read_spec
from pipeline_lib.specs.reading.documents import read_document

SPECS = Path(__file__).parents[2] / "data" / "specs"
GOOD = sorted((SPECS / "good").glob("*.yaml"))
BAD = sorted((SPECS / "bad").glob("*/*.yaml"))


def problems_of(path: Path) -> str:
    with pytest.raises(InvalidSpecsError) as caught:
        read_spec(path, None)
    return "".join(str(problem).replace(str(path), path.name) + "\n" for problem in caught.value.diagnostics)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_spec_is_completed_with_the_defaults(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert read_spec(path, None).effective == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_bad_spec_is_refused_with_every_problem_at_its_place(path: Path) -> None:
    assert problems_of(path) == path.with_suffix(".expected").read_text(encoding="utf-8")


def test_every_example_has_its_expectation_beside_it() -> None:
    expected = {path.with_suffix(".json") for path in GOOD} | {path.with_suffix(".expected") for path in BAD}
    found = {path for path in SPECS.rglob("*") if path.is_file()}
    assert found == expected | set(GOOD) | set(BAD)
    assert len(GOOD) > 10
    assert len(BAD) > 50


def test_the_whole_spec_is_read() -> None:
    spec = read_spec(SPECS / "good" / "every_key.yaml", None)
    assert spec == PipelineSpec(
        name="every_key",
        coins=OneCoin("bitcoin"),
        vs_currency="eur",
        description="Bitcoin in euros, every quarter of an hour",
        schedule=Schedule("*/15 * * * *", "America/Argentina/Buenos_Aires"),
        start_date=datetime(2024, 2, 29, 3, tzinfo=UTC),
        catchup=True,
        owner="market-data-team",
        tags=("major", "l1"),
        retries=0,
        retry_delay=timedelta(minutes=2),
        timeout=timedelta(minutes=10),
        windows=(
            Window("30s", timedelta(seconds=30)),
            Window("2_rows", 2),
            Window("15m", timedelta(minutes=15)),
            Window("24h", timedelta(hours=24)),
            Window("7d", timedelta(days=7)),
            Window("100000_rows", 100_000),
        ),
        thresholds=Thresholds(Decimal("1.5"), Decimal(1000)),
        alerts=AlertPolicy(
            connection="slack_market_alerts",
            webhook_variable=None,
            on_backfill=True,
            cooldown=timedelta(hours=12),
            clear_level=Decimal("0.5"),
            z_score=DeviationRule(Window("24h", timedelta(hours=24)), Decimal(5), Decimal("0.5")),
            robust_z_score=DeviationRule(Window("100000_rows", 100_000), Decimal("7.5"), Decimal(0)),
        ),
        quality=QualityLimits(max_age=timedelta(seconds=90), max_jump_percent=Decimal(30)),
        s3=S3Target(
            bucket="my-bucket",
            prefix="crypto/date=now/bitcoin_1.2",
            endpoint_url="http://127.0.0.1:9000/store",
            connection="aws_market_data",
            layout=S3Layout.PARTITIONS,
            encryption="aws:kms",
            kms_key_id="alias/market-data",
            storage_class="STANDARD_IA",
        ),
        effective=spec.effective,
    )


def test_what_a_minimal_spec_leaves_out_has_a_default() -> None:
    spec = read_spec(SPECS / "good" / "minimal.yaml", None)
    assert (spec.description, spec.tags, spec.retries) == ("bitcoin in usd", (), 3)
    assert (spec.retry_delay, spec.timeout) == (timedelta(seconds=30), timedelta(minutes=5))
    assert [window.label for window in spec.windows] == ["24h", "7d"]
    assert spec.thresholds == Thresholds(Decimal(3), Decimal(8))
    assert spec.quality == QualityLimits(timedelta(minutes=10), max_jump_percent=Decimal(50))
    assert spec.alerts == AlertPolicy(
        connection=None,
        webhook_variable=None,
        on_backfill=False,
        cooldown=None,
        clear_level=Decimal("0.7"),
        z_score=None,
        robust_z_score=None,
    )
    assert (spec.catchup, spec.s3) == (False, None)


def test_a_rule_that_says_nothing_but_its_name_has_defaults(
    write: Callable[[str, str], Path], minimal: str
) -> None:
    spec = read_spec(write("bitcoin.yaml", minimal + "alerts: {z_score: {}, robust_z_score: {}}\n"), None)
    last = Window("7d", timedelta(days=7))
    assert spec.alerts.z_score == DeviationRule(last, limit=Decimal(4), minimum_percent=Decimal(1))
    assert spec.alerts.robust_z_score == DeviationRule(last, limit=Decimal(6), minimum_percent=Decimal(1))


def test_a_webhook_may_stand_in_another_variable() -> None:
    spec = read_spec(SPECS / "good" / "webhook_variable.yaml", None)
    assert spec.alerts.webhook_variable == "SLACK_WEBHOOK_URL_MAJORS"


def test_a_window_of_observations_written_with_a_point_is_a_whole_number() -> None:
    (window,) = read_spec(SPECS / "good" / "webhook_variable.yaml", None).windows
    assert window == Window("20_rows", 20)
    assert isinstance(window.span, int)


def test_a_section_of_nothing_but_a_prefix_leaves_the_rest_open(
    write: Callable[[str, str], Path], minimal: str
) -> None:
    spec = read_spec(write("bitcoin.yaml", minimal + "s3: {prefix: crypto}\n"), None)
    assert spec.s3 == S3Target(bucket=None, prefix="crypto")


def test_a_threshold_keeps_its_digits(write: Callable[[str, str], Path], minimal: str) -> None:
    spec = read_spec(write("bitcoin.yaml", minimal + "thresholds: {1h: 0.1, 24h: 2.30}\n"), None)
    assert spec.thresholds == Thresholds(Decimal("0.1"), Decimal("2.3"))


def test_retries_written_with_a_point_are_a_whole_number() -> None:
    retries = read_spec(SPECS / "good" / "whole_number_with_a_point.yaml", None).retries
    assert isinstance(retries, int)


def test_the_spec_wins_over_the_defaults(write: Callable[[str, str], Path], minimal: str) -> None:
    defaults = read_document(
        write("_defaults.yaml", "owner: a\nretries: 1\nthresholds: {1h: 5, 24h: 6}\ntags: [x, y]\n")
    )
    text = minimal + "owner: b\nthresholds: {24h: 7}\ntags: [z]\n"
    spec = read_spec(write("bitcoin.yaml", text), defaults)
    assert (spec.owner, spec.retries, spec.tags) == ("b", 1, ("z",))
    assert spec.thresholds == Thresholds(Decimal(5), Decimal(7))


def test_null_takes_a_default_away(write: Callable[[str, str], Path], minimal: str) -> None:
    defaults = read_document(write("_defaults.yaml", "s3: {prefix: shared}\nretries: 9\n"))
    spec = read_spec(write("bitcoin.yaml", minimal + "s3: null\nretries: null\n"), defaults)
    assert (spec.s3, spec.retries) == (None, 3)


@pytest.mark.parametrize(
    "name",
    [
        "Bitcoin.yaml",
        "two words.yaml",
        "bitcöin.yaml",
        "-bitcoin.yaml",
        "_x.yaml",
        "a.b.yaml",
        "é.yaml",
        "x" * 101 + ".yaml",
    ],
)
def test_a_file_name_that_names_no_pipeline_is_refused(
    write: Callable[[str, str], Path], minimal: str, name: str
) -> None:
    assert problems_of(write(name, minimal)) == (
        f"{name}:1:1: the file name {name!r} can't name a pipeline"
        " (use lower-case letters, digits, - and _, for example bitcoin.yaml)\n"
    )


@pytest.mark.parametrize("name", ["0.yaml", "0x-y_z.yaml", "x" * 100 + ".yaml"])
def test_a_file_name_names_the_pipeline(write: Callable[[str, str], Path], minimal: str, name: str) -> None:
    assert read_spec(write(name, minimal), None).name == name.removesuffix(".yaml")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "bitcoin.yaml"
    folder.mkdir()
    assert problems_of(folder) == "bitcoin.yaml:1:1: can't be read: Is a directory\n"


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    link = tmp_path / "bitcoin.yaml"
    link.symlink_to(tmp_path / "gone.yaml")
    assert problems_of(link) == "bitcoin.yaml:1:1: can't be read: No such file or directory\n"
