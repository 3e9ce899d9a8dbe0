"""Creates the pipelines' database with a user of its own on the stack's PostgreSQL, unless they exist.

Reads Airflow's address from the first file and the pipelines' from the second; both hold passwords.
"""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql


def create(administrator: str, wanted: str) -> None:
    """Create what ``wanted`` names, with the connection of ``administrator``."""
    parts = urlsplit(wanted)
    user, password = sql.Identifier(parts.username or ""), sql.Literal(unquote(parts.password or ""))
    database = parts.path.removeprefix("/")
    with psycopg.connect(administrator, autocommit=True) as connection:
        roles = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [parts.username])
        # The password follows the secret, also where a restored volume holds another one.
        statement = (
            "ALTER ROLE {} LOGIN PASSWORD {}" if roles.fetchone() else "CREATE ROLE {} LOGIN PASSWORD {}"
        )
        connection.execute(sql.SQL(statement).format(user, password))
        databases = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if not databases.fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), user))


if __name__ == "__main__":
    airflow, pipelines = (Path(path).read_text(encoding="utf-8").strip() for path in sys.argv[1:])
    create(airflow.replace("postgresql+psycopg2://", "postgresql://"), pipelines)
