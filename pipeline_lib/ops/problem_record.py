"""The record of open problems in the database, as operators' alerts use it.

Each look or change is a transaction of its own, and the connection is given back after it: between them,
people are notified over HTTP.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.database.alerting import problems
from pipeline_lib.database.engine.locks import try_lock
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import SchemaVersionError, StoreBusyError
from pipeline_lib.model.open_problem import OpenProblem

_LONGEST_WAIT_SECONDS = 60.0
_SECONDS_BETWEEN_TRIES = 0.1


@dataclass(frozen=True, slots=True)
class Subject:
    """What may have an open problem.

    Attributes:
        pipeline: Name of the pipeline.
        name: A task, or what else goes wrong.
    """

    pipeline: str
    name: str


@dataclass(frozen=True, slots=True)
class ProblemRecord:
    """Open problems.

    Every method raises DatabaseError when the database can't be used, OSError when SQLite's disk can't, and
    SettingsError when no usable database is named.

    Attributes:
        find_database: Finds the database, the same one each time; called when it is needed.
    """

    find_database: Callable[[], PreparedDatabase]

    def find(self, subject: Subject) -> OpenProblem | None:
        """The open problem of a subject, or None."""
        return self.find_all(subject.pipeline, [subject.name]).get(subject.name)

    def find_all(self, pipeline: str, names: Collection[str]) -> Mapping[str, OpenProblem]:
        """The open problems of a pipeline's subjects, by name; one that has none is left out."""
        try:
            with closing(self.find_database()) as database, database.reading() as connection:
                return problems.find(connection, pipeline, names)
        except SchemaVersionError as error:
            if error.found:
                raise
            # Nothing was ever written; the first problem makes the tables.
            return {}

    def save(self, subject: Subject, problem: OpenProblem) -> None:
        """Keep the open problem of a subject, in the place of what was known of it."""
        with closing(self.find_database()) as database, database.writing() as connection:
            problems.save(connection, subject.pipeline, subject.name, problem)

    def close(self, subject: Subject) -> None:
        """Forget the problem of a subject: it is over."""
        with closing(self.find_database()) as database, database.writing() as connection:
            problems.close(connection, subject.pipeline, subject.name)

    @contextmanager
    def locked(self, subject: Subject) -> Iterator[None]:
        """Keep other processes from notifying of the same subject meanwhile.

        Raises:
            StoreBusyError: Another process does so for too long.
        """
        given_up_at = time.monotonic() + _LONGEST_WAIT_SECONDS
        key = f"ops alert {subject.pipeline} {subject.name}"
        while True:
            with try_lock(self.find_database().address, key) as is_held:
                if is_held:
                    yield
                    return
            if time.monotonic() >= given_up_at:
                raise StoreBusyError(Path(key), _LONGEST_WAIT_SECONDS)
            time.sleep(_SECONDS_BETWEEN_TRIES)
