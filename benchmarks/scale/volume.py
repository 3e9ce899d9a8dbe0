"""How much an hour leaves behind, in the pipelines' database and in files."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg

# The tables that gain rows with every hour.
_TABLES = ("arrivals", "observations", "price_moves", "window_statistics")


def rows_of(address: str, table: str) -> int:
    """How many rows a table of the pipelines' database has."""
    with closing(psycopg.connect(address)) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 (ours)
    return int(row[0]) if row else 0


def table_bytes(address: str) -> Mapping[str, int]:
    """The bytes of each table that gains rows with every hour, with its indexes."""
    with closing(psycopg.connect(address)) as connection:
        query = "SELECT pg_total_relation_size(to_regclass(%s))"
        found = {table: connection.execute(query, [table]).fetchone() for table in _TABLES}
    return {table: int(row[0]) for table, row in found.items() if row}


def file_bytes(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
