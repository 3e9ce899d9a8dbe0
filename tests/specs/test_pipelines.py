"""All specs of a project, held against its environment."""

from pathlib import Path

import pytest

from pipeline_lib.model.diagnostic import Severity
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Loaded
from pipeline_lib.specs.pipelines import load_pipelines

SPEC = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dag_configs").mkdir()
    for name in ("bitcoin", "ethereum", "solana"):
        (tmp_path / "dag_configs" / f"{name}.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def load(project: Path, **environment: str) -> Loaded:
    return load_pipelines(Settings.from_environment(environment, project_folder=project))


def names(loaded: Loaded) -> list[str]:
    return [spec.name for spec in loaded.specs]


def test_pipelines_that_share_nothing_are_all_loaded(project: Path) -> None:
    loaded = load(project)
    assert (names(loaded), loaded.diagnostics) == (["bitcoin", "ethereum", "solana"], ())


def test_of_two_with_one_file_neither_is_loaded(project: Path) -> None:
    loaded = load(project, BITCOIN_RAW_PATH="/prices.csv", ETHEREUM_RAW_PATH="/prices.csv")
    assert names(loaded) == ["solana"]
    folder = project / "dag_configs"
    message = "the environment gives /prices.csv to {} too"
    assert [(diagnostic.file, diagnostic.message) for diagnostic in loaded.errors] == [
        (folder / "bitcoin.yaml", message.format("ethereum.yaml")),
        (folder / "ethereum.yaml", message.format("bitcoin.yaml")),
    ]


def test_one_with_one_file_for_two_purposes_is_not_loaded(project: Path) -> None:
    loaded = load(project, BITCOIN_RAW_PATH="/prices.csv", BITCOIN_PROCESSED_PATH="/prices.csv")
    assert names(loaded) == ["ethereum", "solana"]
    (problem,) = loaded.errors
    assert problem.message == "the environment gives /prices.csv to two of its files"


def test_the_environments_bucket_counts_as_that_of_specs_without_one(project: Path) -> None:
    for name, section in (("bitcoin", "{prefix: x}"), ("ethereum", "{bucket: shared, prefix: x}")):
        path = project / "dag_configs" / f"{name}.yaml"
        path.write_text(f"{SPEC}s3: {section}\n", encoding="utf-8")
    assert load(project).errors == ()
    loaded = load(project, S3_BUCKET="shared")
    assert names(loaded) == ["solana"]
    assert [(problem.line, problem.column) for problem in loaded.errors] == [(4, 6), (4, 22)]


def test_the_environments_plan_counts_and_takes_no_pipeline_away(project: Path) -> None:
    for number, currency in enumerate(("usd", "eur", "btc")):
        path = project / "dag_configs" / f"{('bitcoin', 'ethereum', 'solana')[number]}.yaml"
        path.write_text(f"{SPEC}vs_currency: {currency}\n", encoding="utf-8")
    loaded = load(project, COINGECKO_CALLS_PER_MINUTE="2", COINGECKO_CALLS_PER_MONTH="2231")
    assert names(loaded) == ["bitcoin", "ethereum", "solana"]
    assert loaded.errors == ()
    assert [problem.severity for problem in loaded.diagnostics] == [Severity.WARNING] * 2
    assert str(loaded.diagnostics[1]) == (
        f"{project}/dag_configs:1:1: warning: 2,232 calls of CoinGecko in a month of 31 days, and the plan"
        " allows 2,231 (heaviest: 3 coins with @hourly make 2,232;"
        " let pipelines run at the same minutes, which share calls, or less often,"
        " or set COINGECKO_CALLS_PER_MONTH)"
    )


def _name_variables(project: Path, **variables: str) -> None:
    for name, variable in variables.items():
        path = project / "dag_configs" / f"{name}.yaml"
        path.write_text(f"{SPEC}alerts: {{webhook_variable: {variable}}}\n", encoding="utf-8")


def test_a_spec_that_has_any_other_variable_read_is_not_loaded(project: Path) -> None:
    _name_variables(project, bitcoin="AWS_SECRET_ACCESS_KEY", ethereum="SLACK_WEBHOOK_URL_MAJORS")
    loaded = load(project)
    assert names(loaded) == ["ethereum", "solana"]
    (problem,) = loaded.errors
    assert str(problem) == (
        f"{project}/dag_configs/bitcoin.yaml:4:10: alerts.webhook_variable: AWS_SECRET_ACCESS_KEY may hold"
        " something else than a webhook: its name doesn't begin with SLACK_WEBHOOK_URL (for example"
        " SLACK_WEBHOOK_URL_MAJORS; WEBHOOK_VARIABLE_PREFIX sets what names begin with)"
    )


def test_the_environment_says_what_names_of_webhooks_begin_with(project: Path) -> None:
    _name_variables(project, bitcoin="TEAM_HOOK_A", ethereum="SLACK_WEBHOOK_URL")
    loaded = load(project, WEBHOOK_VARIABLE_PREFIX="TEAM_HOOK_")
    assert names(loaded) == ["bitcoin", "solana"]
    parsing = Settings.for_parsing({"WEBHOOK_VARIABLE_PREFIX": "TEAM_HOOK_"}, project_folder=project)
    assert names(load_pipelines(parsing)) == names(loaded)
