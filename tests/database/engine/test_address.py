import psycopg
import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.address import server_address


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_is_named_as_its_own_clients_name_it(scheme: str) -> None:
    found = server_address(Secret(f"{scheme}://me:made%40up@db.example:5433/prices?sslmode=require"))
    assert found is not None
    assert found.reveal() == "postgresql://me:made%40up@db.example:5433/prices?sslmode=require"
    assert "made" not in repr(found)


def test_sqlite_has_no_server() -> None:
    assert server_address(Secret("sqlite:////data/coin_pipelines.db")) is None


def test_a_client_reaches_the_server_by_it(postgresql_address: Secret) -> None:
    found = server_address(postgresql_address)
    assert found is not None
    with psycopg.connect(found.reveal()) as connection:
        assert connection.execute("SELECT COUNT(*) FROM pipelines").fetchone() == (0,)
