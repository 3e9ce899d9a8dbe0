"""Where calls of CoinGecko are counted: in a file, or in a database that several hosts reach."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from pyrate_limiter import AbstractBucket, Rate, SQLiteBucket

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import CallQuotaError, SettingsError

_LONGEST_LOCK_SECONDS = 5.0
_LONGEST_ANSWER_SECONDS = 5


class QuotaStore(Protocol):
    """A place where calls are counted."""

    def open(self, rate: Rate, name: str) -> AbstractContextManager["AbstractBucket"]:
        """What is counted under a name so far.

        Nobody else counts any until the context ends, or the store itself sees to it.

        Args:
            rate: How many may be counted.
            name: What is counted.

        Raises:
            CallQuotaError: The store can't be used for now.
            SettingsError: It needs a package that isn't installed.
        """


@dataclass(frozen=True, slots=True)
class QuotaFile:
    """A SQLite file behind a lock, for all processes that share a disk.

    The system drops the lock of a process that dies, and SQLite undoes what it left half-done. The file is
    no write-ahead log, which needs memory that hosts can't share.

    Attributes:
        path: The file.
    """

    path: Path

    @contextmanager
    def open(self, rate: Rate, name: str) -> Iterator[AbstractBucket]:
        """See ``QuotaStore``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))
        try:
            with (
                lock.acquire(timeout=_LONGEST_LOCK_SECONDS),
                closing(SQLiteBucket.init_from_file([rate], name, str(self.path))) as bucket,
            ):
                yield bucket
        except Timeout as error:
            raise CallQuotaError(
                f"{self.path} is locked by another process for more than {_LONGEST_LOCK_SECONDS:g} s",
                hint="is one stuck?",
            ) from error
        except sqlite3.Error as error:
            raise CallQuotaError(
                f"the calls of CoinGecko can't be counted in {self.path}: {error}",
                hint="free the disk if it is full; a damaged file may be deleted",
            ) from error


@dataclass(frozen=True, slots=True)
class QuotaDatabase:
    """A Redis or PostgreSQL server, for hosts that share no disk.

    Attributes:
        url: Its address, which may hold a password.
    """

    url: Secret

    @contextmanager
    def open(self, rate: Rate, name: str) -> Iterator[AbstractBucket]:
        """See ``QuotaStore``."""
        is_postgres = self.url.reveal().startswith("postgresql:")
        connect = _postgres_bucket if is_postgres else _redis_bucket
        with connect(self.url, rate, name) as bucket:
            yield bucket


def choose_store(url: Secret | None, file: Path) -> QuotaStore:
    """The database at ``url``, or ``file`` without one."""
    return QuotaDatabase(url) if url else QuotaFile(file)


@contextmanager
def _redis_bucket(url: Secret, rate: Rate, name: str) -> Iterator[AbstractBucket]:
    redis = _import("redis", "coin-pipelines[redis]")
    from pyrate_limiter import RedisBucket  # noqa: PLC0415 (needs the package)

    try:
        with closing(
            redis.Redis.from_url(
                url.reveal(),
                socket_timeout=_LONGEST_ANSWER_SECONDS,
                socket_connect_timeout=_LONGEST_ANSWER_SECONDS,
            )
        ) as client:
            yield RedisBucket.init([rate], client, name)
    except (redis.RedisError, ValueError) as error:
        raise _unusable("Redis", error) from None


@dataclass(frozen=True, slots=True)
class _OneConnection:
    """What the bucket asks of a pool: a connection, and a transaction on it each time."""

    opened: Any

    @contextmanager
    def connection(self) -> Iterator[Any]:
        with self.opened.transaction():
            yield self.opened


@contextmanager
def _postgres_bucket(url: Secret, rate: Rate, name: str) -> Iterator[AbstractBucket]:
    psycopg = _import("psycopg", "coin-pipelines[postgres]")
    from pyrate_limiter import PostgresBucket  # noqa: PLC0415 (needs the package)

    try:
        with closing(
            psycopg.connect(
                url.reveal(),
                autocommit=True,
                connect_timeout=_LONGEST_ANSWER_SECONDS,
                # A statement prepared on the server breaks poolers that share connections.
                prepare_threshold=None,
                # The table's times have no zone: all hosts must write them in the same one.
                options="-c timezone=UTC",
            )
        ) as opened:
            yield PostgresBucket(_OneConnection(opened), name, [rate])
    except psycopg.Error as error:
        raise _unusable("PostgreSQL", error) from None


def _unusable(server: str, error: Exception) -> CallQuotaError:
    # Neither its text nor the error itself goes on: both may repeat the address with its password.
    return CallQuotaError(
        f"the calls of CoinGecko can't be counted: {server} gives {type(error).__name__}",
        hint="check that COINGECKO_QUOTA_URL, or DATABASE_URL without it, leads to a running server",
    )


def _import(package: str, requirement: str) -> Any:  # noqa: ANN401 (a module that may not be installed)
    try:
        return import_module(package)
    except ImportError as error:
        raise SettingsError(
            "COINGECKO_QUOTA_URL",
            f"needs the package {package}",
            hint=f"pip install '{requirement}'",
        ) from error
