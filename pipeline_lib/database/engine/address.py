"""The database's address, as SQLAlchemy takes it and as people may see it."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import URL

_POSTGRESQL = "postgresql+psycopg"
_PREFIXES = ("postgres", "postgresql", _POSTGRESQL)


def to_url(address: Secret) -> "URL":
    """The address as SQLAlchemy's; ``postgres://`` and ``postgresql://`` mean psycopg 3.

    Raises:
        SettingsError: It is no address of PostgreSQL or SQLite.
    """
    try:
        url = make_url(address.reveal())
    except ArgumentError:
        # Its text would repeat the address with the password.
        raise SettingsError("DATABASE_URL", "is no address of a database") from None
    if url.drivername in _PREFIXES:
        return url.set(drivername=_POSTGRESQL)
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise SettingsError("DATABASE_URL", "starts neither with postgresql:// nor with sqlite:///")


def server_address(address: Secret) -> Secret | None:
    """The address of a PostgreSQL server as its own clients take it; None for SQLite.

    Raises:
        SettingsError: It is no address of PostgreSQL or SQLite.
    """
    url = to_url(address)
    if sqlite_path(url):
        return None
    return Secret(url.set(drivername="postgresql").render_as_string(hide_password=False))


def sqlite_path(url: "URL") -> Path | None:
    """The file of a SQLite database; None for another one."""
    return Path(url.database or "") if url.drivername == "sqlite" else None


def shown(url: "URL") -> str:
    """The address for people: the file of SQLite; server and database, without password or parameters."""
    path = sqlite_path(url)
    if path:
        return str(path)
    host = url.host or str(url.query.get("host", "localhost"))
    user = f"{url.username}@" if url.username else ""
    return f"postgresql://{user}{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"
