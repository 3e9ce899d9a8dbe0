import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.fixtures.databases import address_of

PROGRAM = Path(__file__).resolve().parents[2] / "deploy" / "docker" / "create_database.py"
PASSWORD = "p@ss/word"


def _create(folder: Path, server: str, password: str) -> str:
    (folder / "airflow").write_text(server.replace("postgresql://", "postgresql+psycopg2://"))
    wanted = address_of(server, "stack_test").replace("postgres:@", f"stack_test:{quote(password, safe='')}@")
    (folder / "pipelines").write_text(wanted)
    result = subprocess.run(
        [sys.executable, PROGRAM, folder / "airflow", folder / "pipelines"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (result.stdout, result.stderr) == ("", "")
    return wanted


def test_the_pipelines_get_a_database_and_a_user_of_their_own(postgresql_server: str, tmp_path: Path) -> None:
    wanted = _create(tmp_path, postgresql_server, PASSWORD)
    with closing(psycopg.connect(wanted)) as connection:
        query = """
            SELECT rolname, rolsuper FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid
            WHERE datname = %s
        """
        assert connection.execute(query, ["stack_test"]).fetchone() == ("stack_test", False)
        connection.execute("CREATE TABLE kept (id INTEGER)")
        connection.commit()


def test_a_second_start_keeps_what_is_there_and_takes_over_a_new_password(
    postgresql_server: str, tmp_path: Path
) -> None:
    _create(tmp_path, postgresql_server, PASSWORD)
    wanted = _create(tmp_path, postgresql_server, "another")
    with closing(psycopg.connect(wanted)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("stack_test",)
