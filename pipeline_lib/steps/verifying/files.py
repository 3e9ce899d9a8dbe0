"""Proves that the CSV files are what the database gives, byte for byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.model.difference import Difference
from pipeline_lib.publishing.csv.diagnosis import find_difference
from pipeline_lib.publishing.csv.table import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection


def check_file(connection: "Connection", path: Path, table: Table) -> Iterator[Difference]:
    """The first line of a file that isn't what its table gives.

    Args:
        connection: A transaction.
        path: The file.
        table: What it is made from.

    Raises:
        OSError: The file can't be read.
    """
    rows = table.read_all(connection)
    expected = b"" if rows is None else table.header + rows.content
    export = f"coin-pipelines export {table.pipeline}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if expected:
            yield Difference(str(path), "it is missing", export)
        return
    if content != expected:
        line, reason = find_difference(content, expected)
        yield Difference(f"{path}:{line}", reason, f"{export} --rewrite")
