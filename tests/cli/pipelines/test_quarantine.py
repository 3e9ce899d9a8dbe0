"""``coin-pipelines quarantine`` after runs whose answers were refused."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]
AT = "2018-02-05T14:00:00Z"
NOT_TEXT = b"[\xff"


@pytest.fixture
def refused(market: Simulator, command: Command) -> list[str]:
    """What two tries of a run said, each with an answer that was refused."""
    market.faults.add(
        Fault(kind="replace_field", field="current_price", value=-1),
        Fault(kind="malformed", body=NOT_TEXT.decode("latin-1")),
    )
    return [command("run", "bitcoin", "--at", moment).stderr for moment in (AT, "2018-02-05T14:00:01Z")]


def test_refused_answers_are_listed_with_their_reasons(refused: list[str], command: Command) -> None:
    listed = command("quarantine", "bitcoin")
    assert listed.exit_code == 0
    first, second = listed.stdout.splitlines()
    assert first.startswith(
        f"1  {AT}  bitcoin  invalid-quote  quote of 'bitcoin' refused: current_price is -1, "
    )
    assert second.startswith("2  2018-02-05T14:00:01Z  bitcoin  unexpected-answer  ")
    assert "to see what came: coin-pipelines quarantine bitcoin 1" in refused[0]


@pytest.mark.usefixtures("refused")
def test_one_is_printed_letter_for_letter(command: Command, market: Simulator) -> None:
    document = json.loads(command("quarantine", "bitcoin", "1").stdout)
    assert document["answer"].startswith('{"id":"bitcoin"')
    assert '"current_price":-1,' in document["answer"]
    assert document["url"].startswith(f"{market.base_url}/coins/markets?")
    assert (document["pipeline"], document["moment"], document["status"]) == ("bitcoin", AT, 200)
    other = json.loads(command("quarantine", "bitcoin", "2").stdout)
    came = other.get("answer", "").encode() or base64.b64decode(other["answer_base64"])
    assert came.startswith(b"[")


@pytest.mark.usefixtures("refused")
def test_a_number_that_isnt_there_is_an_error(command: Command) -> None:
    result = command("quarantine", "bitcoin", "7")
    assert (result.exit_code, result.stderr) == (1, "Error: the quarantine of bitcoin has no number 7\n")


def test_nothing_refused_is_nothing_listed(market: Simulator, project: Path, command: Command) -> None:  # noqa: ARG001
    command("run", "bitcoin", "--at", AT)
    result = command("quarantine", "bitcoin")
    assert (result.exit_code, result.stdout) == (0, "")
