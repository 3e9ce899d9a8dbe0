"""How the log of a failed try ends: with the reason, and with what happens next.

``dag.py`` imports this while a DAG file is parsed, so everything else waits for something to say.
"""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

_log = logging.getLogger(__name__)

# Airflow's page folds what stands between ::group:: and this.
_END_OF_GROUP = "::endgroup::"


def end_log_of_failure(context: "Context") -> None:
    """Log why a task failed for good, and what to do: Airflow's callback after its last try."""
    from pipeline_lib.airflow.context import failure_of
    from pipeline_lib.ops.advice import after_last_try

    failure = failure_of(context)
    _end_log(logging.ERROR, failure.error, after_last_try(failure.error))


def end_log_of_try(context: "Context") -> None:
    """Log why a try failed, and that another one comes: Airflow's callback after each try but the last."""
    from pipeline_lib.airflow.context import failure_of
    from pipeline_lib.ops.advice import before_next_try

    failure = failure_of(context)
    left = f"try {failure.try_number + 1} of {failure.tries}"
    _end_log(logging.WARNING, failure.error, before_next_try(failure.error, left))


def _end_log(level: int, error: BaseException | None, to_do: str) -> None:
    from pipeline_lib.ops.advice import kind_of, message_of

    _log.info(_END_OF_GROUP)
    for line in f"{kind_of(error)}: {message_of(error)}".splitlines():
        _log.log(level, "%s", line)
    _log.log(level, "What to do: %s", to_do)
