"""Log lines of libraries, without the secrets that they are called with."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline_lib.common.secret import Secret, redacted

CLIENT_LOGGERS = ("urllib3.connectionpool", "apprise")
"""Loggers of client libraries whose lines name the address that they call."""


@contextmanager
def redacted_logs(logger_names: Sequence[str], secrets: Sequence[Secret]) -> Iterator[None]:
    """While the context is open, what these loggers say goes on without the secrets.

    Airflow masks secrets in the logs of tasks, but not in those of its own processes.
    """
    redacting = _Redacting(secrets)
    loggers = [logging.getLogger(name) for name in logger_names]
    for logger in loggers:
        logger.addFilter(redacting)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redacting)


class _Redacting(logging.Filter):
    def __init__(self, secrets: Sequence[Secret]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage(), self._secrets), None
        # A traceback repeats texts, which may be the other side's, and nothing here formats it.
        record.exc_info = None
        return True
