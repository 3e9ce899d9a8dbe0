"""The database of a scene, which is set back with everything else."""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from pipeline_lib.common.secret import Secret
from tests.fixtures.databases import address_of, create

SQLITE_FILE = "coin_pipelines.db"


class SceneDatabase(Protocol):
    """Where the pipeline of a scene keeps its rows."""

    @property
    def address(self) -> Secret:
        """What ``DATABASE_URL`` says."""

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to it."""

    def save(self, name: str) -> None:
        """Keep its content under a name."""

    def restore(self, name: str) -> None:
        """Bring the content back that was kept under a name; whoever is connected is cut off."""


@dataclass(frozen=True)
class SqliteDatabase:
    """A file of its own folder, beside the pipeline's data.

    Attributes:
        folder: Holds nothing else.
    """

    folder: Path

    @property
    def address(self) -> Secret:
        """What ``DATABASE_URL`` says."""
        return Secret(f"sqlite:///{self.folder / SQLITE_FILE}")

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to it."""
        return (self.folder / SQLITE_FILE).exists()

    def save(self, name: str) -> None:
        """Keep file and write-ahead log under a name."""
        kept = self.folder.with_name(f"{self.folder.name}-{name}")
        shutil.rmtree(kept, ignore_errors=True)
        if self.folder.exists():
            shutil.copytree(self.folder, kept)

    def restore(self, name: str) -> None:
        """Bring file and write-ahead log back that were kept under a name."""
        kept = self.folder.with_name(f"{self.folder.name}-{name}")
        shutil.rmtree(self.folder, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, self.folder)


@dataclass(frozen=True)
class PostgresqlDatabase:
    """A database of a server, copied to be kept.

    Attributes:
        server: Address of the server's maintenance database.
        name: Of the database, which has its tables.
    """

    server: str
    name: str

    @property
    def address(self) -> Secret:
        """What ``DATABASE_URL`` says."""
        return Secret(address_of(self.server, self.name))

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to it."""
        return True

    def save(self, name: str) -> None:
        """Copy the database."""
        self._copy(self.name, f"{self.name}_{name}")

    def restore(self, name: str) -> None:
        """Make the database anew from the copy."""
        self._copy(f"{self.name}_{name}", self.name)

    def _copy(self, template: str, copy: str) -> None:
        with closing(psycopg.connect(self.server, autocommit=True)) as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(others, [template])
        create(self.server, copy, template)
