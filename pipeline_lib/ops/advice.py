"""What operators should do about a failure, by its exception."""

import errno

from pipeline_lib.errors import CoinPipelinesError, PermanentError, TemporaryError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_UNKNOWN = "read the log; if its last lines lie in pipeline_lib, report them"
_BY_TYPE = (
    (TemporaryError, "wait until the other side is back: see its status page"),
    (PermanentError, "fix what the message names: a retry alone can't help"),
)
# By name, since this room doesn't know Airflow.
_BY_NAME = {
    "AirflowTaskTimeout": "see in the log what took so long; if it has to, raise timeout in the spec",
    "AirflowTaskTerminated": "look who, or which shutdown, ended the task",
}


def kind_of(error: BaseException | None) -> str:
    """One word for the problem: the exception's name."""
    return type(error).__name__ if error else "WorkerLost"


def message_of(error: BaseException | None) -> str:
    """What happened, without what to do."""
    match error:
        case None:
            return "the task's process ended without a word"
        case CoinPipelinesError():
            return error.message
        case _:
            return str(error) or "no text"


def advice_for(error: BaseException | None) -> str:
    """What to do; the exception's own hint when it has one."""
    if error is None:
        return "look for a worker that was killed, restarted or out of memory"
    if isinstance(error, CoinPipelinesError) and error.hint:
        return error.hint
    return next((advice for kind, advice in _BY_TYPE if isinstance(error, kind)), None) or _of_others(error)


def after_last_try(error: BaseException | None) -> str:
    """What a person does about a task that Airflow doesn't try again."""
    return f"{advice_for(error)}. Then clear the task in Airflow."


def before_next_try(error: BaseException | None, next_try: str) -> str:
    """What happens to a task that Airflow tries again, and what a person does when that doesn't help.

    Args:
        error: What the try raised.
        next_try: Which try comes, such as ``try 2 of 4``.
    """
    return f"nothing yet, Airflow tries again by itself ({next_try}); if that fails too: {advice_for(error)}."


def advice_on_disk(error: OSError) -> str | None:
    """What to do about a disk that is full, or may not be written to; None about anything else."""
    if error.errno in _FULL:
        return "make room on the disk that holds DATA_DIR"
    if error.errno in _FORBIDDEN:
        return "let Airflow's user write to DATA_DIR"
    return None


def _of_others(error: BaseException) -> str:
    on_disk = advice_on_disk(error) if isinstance(error, OSError) else None
    return on_disk or _BY_NAME.get(kind_of(error), _UNKNOWN)
