import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, event, update

from pipeline_lib.cli.main import main
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.schema import VERSION
from pipeline_lib.database.tables import database_info
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.settings import Settings
from pipeline_lib.steps import Services
from tests.cli.pipelines.status_world import NOW, StatusWorld

Command = Callable[..., Result]
Change = Callable[[StatusWorld], object]

S3 = "s3: {bucket: a-bucket, prefix: crypto/bitcoin}"
GREEN = [
    (
        "pipeline  series       schedule  newest                age     price     1h        24h  gaps  "
        "episodes  undelivered  open problems  quarantined  S3"
    ),
    (
        "bitcoin   bitcoin/usd  @hourly   2018-02-05T14:00:00Z  20 min  9,000.00  -10.50 %  -    0     "
        "-         0            0              0            -"
    ),
    "1 pipeline, nothing needs a person",
]
LOOK = "look at its runs in Airflow: is the pipeline switched on, does a task fail or wait?"
BACKFILL = "coin-pipelines backfill bitcoin --from 2018-02-05T{}:00Z --to 2018-02-05T{}:00Z"
FIX = "fix it; its pipelines don't run until then"


@pytest.fixture
def world(project: Path, database_address: Secret, monkeypatch: pytest.MonkeyPatch) -> StatusWorld:
    """Bitcoin with all its hours, on either database."""
    monkeypatch.setenv("DATABASE_URL", database_address.reveal())
    monkeypatch.delenv("PIPELINE_DEADLINE_MINUTES", raising=False)
    make = Services.from_settings

    def from_settings(_: type[Services], settings: Settings) -> Services:
        return replace(make(settings), now=lambda: NOW)

    monkeypatch.setattr(Services, "from_settings", classmethod(from_settings))
    made = StatusWorld(project, database_address)
    made.record("bitcoin", -2, -1, 0)
    return made


def _series(result: Result, pipeline: str = "bitcoin") -> dict[str, object]:
    document = json.loads(result.stdout)
    (found,) = [each for each in document["pipelines"] if each["pipeline"] == pipeline]
    series: dict[str, object] = found["series"][0]
    return series


@pytest.mark.usefixtures("world")
def test_a_pipeline_with_all_its_hours_needs_nobody(command: Command) -> None:
    result = command("status")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == GREEN
    quiet = command("status", "--problems")
    assert (quiet.exit_code, quiet.stdout) == (0, "1 pipeline, nothing needs a person\n")


def test_all_that_is_known_is_in_the_json(world: StatusWorld, command: Command) -> None:
    world.write_spec("bitcoin", S3)
    world.write_spec("invalid", "coin: 1")
    world.record("bitcoin", -5, -15)
    world.record("gone", -1, coin="ethereum")
    world.episode(DeliveryStatus.EXPIRED)
    world.refuse(-3)
    world.open_problem("send_price_alerts")
    world.open_problem("late")
    world.publish(raw=3, processed=4)
    result = command("status", "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    bitcoin, gone, invalid = json.loads(result.stdout).pop("pipelines")
    assert json.loads(result.stdout) == {
        "now": "2018-02-05T14:20:00Z",
        "checked": 2,
        "needs_a_person": True,
        "problems": [],
        "pipelines": [bitcoin, gone, invalid],
    }
    gaps = [f"2018-02-05T{hour:02}:00:00Z" for hour in (*range(9), 10, 11)]
    assert bitcoin == {
        "pipeline": "bitcoin",
        "spec": "valid",
        "schedule": "@hourly",
        "timezone": "UTC",
        "open_problems": [
            {
                "subject": "late",
                "kinds": ["SlackRefusedError"],
                "since": "2018-02-05T13:00:00Z",
                "last": "2018-02-05T14:00:00Z",
                "runs": 2,
            },
            {
                "subject": "send_price_alerts",
                "kinds": ["SlackRefusedError"],
                "since": "2018-02-05T13:00:00Z",
                "last": "2018-02-05T14:00:00Z",
                "runs": 2,
            },
        ],
        "s3": {
            "published_at": "2018-02-05T14:00:00Z",
            "behind": 2,
            "refused": 0,
            "oldest": "2018-02-05T09:00:00Z",
            "behind_a_day": False,
        },
        "problems": [
            {
                "kind": "open-problem",
                "text": "send_price_alerts: SlackRefusedError since the run of 2018-02-05T13:00:00Z, 2 times",
                "to_do": "read the task's log in Airflow, fix the cause, clear the task",
            }
        ],
        "series": [
            {
                "coin": "bitcoin",
                "vs_currency": "usd",
                "in_spec": True,
                "moment": "2018-02-05T14:00:00Z",
                "age_seconds": 1200,
                "price": "9000",
                "change_1h_percent": "-10.5",
                "change_24h_percent": None,
                "gaps": gaps,
                "episodes": [
                    {
                        "rule": "24h",
                        "since": "2018-02-05T13:00:00Z",
                        "moment": "2018-02-05T13:00:00Z",
                        "step": 1,
                        "value": "-8.5",
                        "unit": "%",
                    }
                ],
                "undelivered": 1,
                "quarantined": 1,
                "problems": [
                    {
                        "kind": "gaps",
                        "text": "11 moments without a price in the last 7 days",
                        "to_do": BACKFILL.format("00:00", "11:00"),
                    },
                    {
                        "kind": "quarantined",
                        "text": "1 moment with refused answers alone in the last 7 days",
                        "to_do": "coin-pipelines quarantine bitcoin shows them;"
                        " clear the failed task once the price is right",
                    },
                    {
                        "kind": "undelivered",
                        "text": "1 price alert not delivered in the last 7 days",
                        "to_do": "check the webhook; coin-pipelines alerts history bitcoin lists them",
                    },
                ],
            }
        ],
    }
    assert gone == {
        "pipeline": "gone",
        "spec": "gone",
        "schedule": None,
        "timezone": None,
        "open_problems": [],
        "s3": None,
        "problems": [],
        "series": [
            {
                "coin": "ethereum",
                "vs_currency": "usd",
                "in_spec": False,
                "moment": "2018-02-05T13:00:00Z",
                "age_seconds": 4800,
                "price": "9000",
                "change_1h_percent": "-10.5",
                "change_24h_percent": None,
                "gaps": None,
                "episodes": [],
                "undelivered": 0,
                "quarantined": 0,
                "problems": [],
            }
        ],
    }
    assert invalid == {
        "pipeline": "invalid",
        "spec": "invalid",
        "schedule": None,
        "timezone": None,
        "open_problems": [],
        "s3": None,
        "problems": [
            {
                "kind": "invalid-spec",
                "text": "dag_configs/invalid.yaml:4:1: the key 'coin' stands twice",
                "to_do": FIX,
            }
        ],
        "series": [],
    }


@pytest.mark.parametrize(
    ("change", "problem", "to_do"),
    [
        (
            lambda world: world.write_spec("bitcoin", schedule="*/10 * * * *"),
            "bitcoin bitcoin/usd: 10 moments without a price in the last 7 days",
            BACKFILL.format("12:10", "13:50"),
        ),
        (
            lambda world: world.record("bitcoin", -4),
            "bitcoin bitcoin/usd: 1 moment without a price in the last 7 days",
            BACKFILL.format("11:00", "11:00"),
        ),
        (
            lambda world: world.write_spec("bitcoin", coin="ethereum"),
            "bitcoin ethereum/usd: no price of 2018-02-05T13:00:00Z; there is none yet",
            LOOK,
        ),
        (
            lambda world: world.refuse(1),
            "bitcoin bitcoin/usd: 1 moment with refused answers alone in the last 7 days",
            "coin-pipelines quarantine bitcoin shows them; clear the failed task once the price is right",
        ),
        (
            lambda world: world.episode(DeliveryStatus.UNDELIVERED, ends=True),
            "bitcoin bitcoin/usd: 2 price alerts not delivered in the last 7 days",
            "check the webhook; coin-pipelines alerts history bitcoin lists them",
        ),
        (
            lambda world: world.open_problem("fetch_warnings"),
            "bitcoin: fetch_warnings: SlackRefusedError since the run of 2018-02-05T13:00:00Z, 2 times",
            "read the task's log in Airflow, fix the cause, clear the task",
        ),
        (
            lambda world: world.write_spec("bitcoin", "schedule: often"),
            "bitcoin: dag_configs/bitcoin.yaml:4:1: the key 'schedule' stands twice",
            FIX,
        ),
        (
            lambda world: world.write_spec("_defaults", "owner: 1"),
            'dag_configs/_defaults.yaml:4:1: owner: 1 is not text (put it in quotes: "1")',
            FIX,
        ),
    ],
    ids=["denser", "gap", "never-run", "quarantined", "undelivered", "open-problem", "invalid", "defaults"],
)
def test_each_problem_needs_a_person_and_says_what_to_do(
    world: StatusWorld, command: Command, change: Change, problem: str, to_do: str
) -> None:
    change(world)
    result = command("status", "--problems")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines()[-2:] == [f"{problem} ({to_do})", "1 problem to look at"]


def test_a_run_is_late_by_the_deadline_or_after_an_hour(
    world: StatusWorld, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write_spec("ethereum", coin="ethereum")
    world.record("ethereum", -2, -1, coin="ethereum")
    assert command("status").exit_code == 0
    monkeypatch.setenv("PIPELINE_DEADLINE_MINUTES", "20")
    late = command("status", "--problems")
    assert late.exit_code == 1
    assert late.stdout.splitlines()[-2:] == [
        (
            "ethereum ethereum/usd: no price of 2018-02-05T14:00:00Z; the newest is of 2018-02-05T13:00:00Z "
            f"({LOOK})"
        ),
        "1 problem to look at",
    ]
    monkeypatch.setenv("PIPELINE_DEADLINE_MINUTES", "21")
    assert command("status").exit_code == 0
    world.write_spec("ethereum", 'start_date: "2018-02-06"', coin="ethereum")
    monkeypatch.setenv("PIPELINE_DEADLINE_MINUTES", "20")
    assert command("status").exit_code == 0


def test_what_s3_lacks_is_a_problem_once_its_day_is_over(world: StatusWorld, command: Command) -> None:
    world.write_spec("bitcoin", S3)
    nothing = command("status", "--format", "json")
    assert nothing.exit_code == 0
    assert json.loads(nothing.stdout)["pipelines"][0]["s3"] == {
        "published_at": None,
        "behind": 0,
        "refused": 0,
        "oldest": None,
        "behind_a_day": False,
    }
    world.publish(raw=1, processed=3)
    today = command("status")
    assert (today.exit_code, today.stdout.splitlines()[1].split()[-2:]) == (0, ["2", "behind"])
    world.record("bitcoin", *range(1, 12))
    tomorrow = command("status", "--problems")
    assert tomorrow.exit_code == 1
    assert tomorrow.stdout.splitlines()[-2:] == [
        "bitcoin: S3 lacks 13 snapshots, the oldest of 2018-02-05T13:00:00Z (coin-pipelines upload bitcoin)",
        "1 problem to look at",
    ]
    # A destination of later counts alone.
    world.publish(raw=14, processed=14, destination="elsewhere", at=NOW)
    after = command("status")
    assert (after.exit_code, after.stdout.splitlines()[1].split()[-1]) == (0, "complete")
    world.write_spec("bitcoin")
    assert command("status").stdout.splitlines()[1].split()[-1] == "-"


def test_only_what_needs_a_person_is_shown_when_asked_for(world: StatusWorld, command: Command) -> None:
    world.write_spec("a-coin", coin="a-coin")
    world.record("a-coin", -2, -1, 0, coin="a-coin")
    world.open_problem("fetch", "a-coin")
    world.record("gone", 0)
    whole, problems = command("status"), command("status", "--problems")
    assert (whole.exit_code, problems.exit_code) == (1, 1)
    assert [line.split()[0] for line in whole.stdout.splitlines()[1:-2]] == ["a-coin", "bitcoin", "gone"]
    assert "bitcoin" not in problems.stdout
    assert problems.stdout.splitlines()[-2].startswith("a-coin: fetch: SlackRefusedError")
    as_json = json.loads(command("status", "--problems", "--format", "json").stdout)
    assert [each["pipeline"] for each in as_json["pipelines"]] == ["a-coin"]
    assert (as_json["checked"], as_json["needs_a_person"]) == (2, True)


def test_pipelines_are_looked_at_by_name(world: StatusWorld, command: Command) -> None:
    world.write_spec("ethereum", coin="ethereum")
    world.record("gone", 0)
    assert command("status", "bitcoin").exit_code == 0
    assert command("status", "bitcoin", "gone").exit_code == 0
    assert command("status", "bitcoin", "ethereum").exit_code == 1
    (world.project / "dag_configs" / "misnamed.yml").write_text("spec_version: 1\n")
    assert command("status", "bitcoin").exit_code == 0
    unknown = command("status", "bitcoin", "dogecoin")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "no spec for pipeline 'dogecoin'" in unknown.stderr
    assert "pipelines here: bitcoin, ethereum, gone" in unknown.stderr


def test_a_look_at_no_spec_is_not_green(world: StatusWorld, command: Command) -> None:
    world.open_problem("fetch", "gone")
    world.record("gone", 0)
    gone = command("status", "gone")
    assert gone.exit_code == 3
    line, summary = gone.stdout.splitlines()[1:]
    assert line.split()[:4] == ["gone", "bitcoin/usd", "no", "spec"]
    assert summary == "there is no pipeline with a spec to look at"
    (world.project / "dag_configs" / "bitcoin.yaml").unlink()
    assert command("status").exit_code == 3
    (world.project / "dag_configs").rmdir()
    missing = command("status")
    assert missing.exit_code == 1
    assert "the folder of specs doesn't exist (set DAG_CONFIGS_DIR)" in missing.stdout


def test_an_earlier_coin_of_a_pipeline_is_shown_and_no_problem(world: StatusWorld, command: Command) -> None:
    world.write_spec("bitcoin", coin="ethereum")
    world.record("bitcoin", -0.5, coin="ethereum")
    result = command("status")
    assert result.exit_code == 0
    assert [" ".join(line.split()[:5]) for line in result.stdout.splitlines()[1:3]] == [
        "bitcoin ethereum/usd @hourly 2018-02-05T13:30:00Z 50",
        "bitcoin bitcoin/usd not in spec",
    ]


def test_an_episode_that_goes_on_is_shown(world: StatusWorld, command: Command) -> None:
    world.episode()
    assert command("status").stdout.splitlines()[1].split()[10:13] == ["0", "24h", "-8.50"]
    world.episode(ends=True)
    assert command("status").stdout.splitlines()[1].split()[10:12] == ["0", "-"]


def test_what_was_filled_delivered_or_is_a_week_old_needs_nobody(
    world: StatusWorld, command: Command
) -> None:
    world.record("bitcoin", *range(-10 * 24, -2))
    world.refuse(-1)
    world.refuse(-8 * 24)
    world.episode()
    assert command("status").exit_code == 0


def test_hundreds_of_series_take_as_many_queries_as_three(world: StatusWorld, command: Command) -> None:
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    def look() -> tuple[int, list[str]]:
        statements.clear()
        event.listen(Engine, "before_cursor_execute", count)
        result = command("status", "--format", "json")
        event.remove(Engine, "before_cursor_execute", count)
        document = json.loads(result.stdout)
        assert (result.exit_code, document["checked"]) == (1, len(document["pipelines"]))
        problems = [each["pipeline"] for each in document["pipelines"] if each["series"][0]["problems"]]
        return len(statements), problems

    names = [f"coin-{number:03}" for number in range(299)]
    for name in names[:2]:
        world.write_spec(name)
    few, late = look()
    assert late == names[:2]
    for name in names[2:]:
        world.write_spec(name)
    world.record_all(names, -2, 0)
    many, with_gaps = look()
    assert with_gaps == names
    assert many == few


def test_a_project_that_never_ran_gets_no_database(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    result = command("status")
    assert result.exit_code == 1
    assert "there is none yet" in result.stdout
    assert not (project / "data").exists()


@pytest.mark.usefixtures("project")
def test_a_database_that_is_away_is_named_without_its_password(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:s3cr3t-word@127.0.0.1:1/coins")
    result = command("status")
    assert (result.exit_code, result.stdout, "s3cr3t-word" in result.output) == (1, "", False)
    assert "the database postgresql://user@127.0.0.1:1/coins can't be used now" in result.stderr


def test_another_schema_is_refused(world: StatusWorld, command: Command) -> None:
    world.write(lambda connection: connection.execute(update(database_info).values(version=VERSION + 1)))
    result = command("status")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "upgrade coin-pipelines on this machine" in result.stderr


@pytest.mark.usefixtures("world")
def test_misuse_has_the_exit_code_of_misuse(command: Command) -> None:
    assert command("status", "--format", "xml").exit_code == 2


def test_only_a_terminal_gets_colours_and_only_while_it_wants_them(
    world: StatusWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_terminal() -> str:
        return CliRunner().invoke(main, ["status"], color=True).stdout

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m1 pipeline, nothing needs a person" in on_a_terminal()
    world.open_problem("fetch")
    assert "\x1b[31mbitcoin " in on_a_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_a_terminal()
