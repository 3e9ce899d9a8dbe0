import errno
from pathlib import Path

import pytest

from pipeline_lib.errors import CoinPipelinesError, MarketUnavailableError, PermanentError, StoreBusyError
from pipeline_lib.ops.advice import advice_for, after_last_try, before_next_try, kind_of, message_of


class AirflowTaskTimeout(BaseException):
    """As Airflow's own."""


@pytest.mark.parametrize(
    ("error", "kind", "message", "advice"),
    [
        (None, "WorkerLost", "the task's process ended without a word", "a worker that was killed"),
        (CoinPipelinesError("what", hint="do this"), "CoinPipelinesError", "what", "do this"),
        (
            StoreBusyError(Path("x"), 60),
            "StoreBusyError",
            "x is locked by another",
            "look for one that is stuck",
        ),
        (MarketUnavailableError("away"), "MarketUnavailableError", "away", "wait until the other side"),
        (PermanentError("wrong"), "PermanentError", "wrong", "fix what the message names"),
        (OSError(errno.ENOSPC, "No space left"), "OSError", "No space left", "make room on the disk"),
        (PermissionError(errno.EACCES, "denied"), "PermissionError", "denied", "let Airflow's user write"),
        (OSError(errno.EROFS, "read-only"), "OSError", "read-only", "let Airflow's user write"),
        (AirflowTaskTimeout("60 s"), "AirflowTaskTimeout", "60 s", "raise timeout in the spec"),
        (KeyError("price"), "KeyError", "'price'", "report them"),
        (ValueError(), "ValueError", "no text", "report them"),
    ],
)
def test_every_failure_has_its_advice(
    error: BaseException | None, kind: str, message: str, advice: str
) -> None:
    assert kind_of(error) == kind
    assert message in message_of(error)
    assert advice in advice_for(error)


def test_the_hint_stands_in_the_advice_and_not_in_the_message() -> None:
    error = CoinPipelinesError("what", hint="do this")
    assert (message_of(error), advice_for(error)) == ("what", "do this")


def test_after_the_last_try_a_person_acts_and_before_it_nobody_has_to() -> None:
    error = StoreBusyError(Path("x"), 60)
    assert after_last_try(error) == "look for one that is stuck, and end it. Then clear the task in Airflow."
    assert before_next_try(error, "try 2 of 4") == (
        "nothing yet, Airflow tries again by itself (try 2 of 4); if that fails too:"
        " look for one that is stuck, and end it."
    )
