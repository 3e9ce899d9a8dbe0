"""The far end of a connection, going wrong in one way. Real sockets: nothing of the client is replaced."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour: TypeAlias = Callable[[socket.socket, threading.Event], None]
"""What happens to a connection whose request has been read; the event is set when the test is over."""

_HEAD = "HTTP/1.1 {} Made Up\r\nConnection: close\r\n"
_SECONDS_BETWEEN_BYTES = 0.005


@contextmanager
def far_end(behaviour: Behaviour, *, scheme: str = "http") -> Iterator[str]:
    """The base URL of a server on this machine that treats every connection in one way."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=_serve, args=(server, behaviour, stopping))
        serving.start()
        try:
            yield f"{scheme}://127.0.0.1:{server.getsockname()[1]}/api/v3"
        finally:
            stopping.set()
            server.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(server: socket.socket, behaviour: Behaviour, stopping: threading.Event) -> None:
    def treat(connection: socket.socket) -> None:
        # The client may go away at any time; that is what many of these tests are about.
        with connection, suppress(OSError):
            connection.recv(65536)
            behaviour(connection, stopping)

    threads = []
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            break
        threads.append(threading.Thread(target=treat, args=(connection,)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def sends(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> Behaviour:
    """A whole answer; ``retry_after="5"`` is the header Retry-After."""
    headers = {"content_type": content_type, "content_length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return sends_raw((_HEAD.format(status) + lines + "\r\n").encode() + body)


def sends_raw(content: bytes) -> Behaviour:
    return lambda connection, _: connection.sendall(content)


def closes(connection: socket.socket, _: threading.Event) -> None:
    connection.shutdown(socket.SHUT_WR)


def resets(connection: socket.socket, _: threading.Event) -> None:
    # Closed with time 0 to linger, a socket sends RST.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_nothing(_: socket.socket, stopping: threading.Event) -> None:
    stopping.wait()


def stops_after(start: bytes) -> Behaviour:
    """``start``, then nothing more on an open connection."""

    def stop(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(start)
        stopping.wait()

    return stop


def drips(start: bytes) -> Behaviour:
    """``start`` at once, then a byte at a time for ever."""

    def drip(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(start)
        while not stopping.wait(_SECONDS_BETWEEN_BYTES):
            connection.sendall(b" ")

    return drip


@contextmanager
def nobody_listens() -> Iterator[str]:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}/api/v3"


@contextmanager
def nobody_accepts() -> Iterator[str]:
    """A server whose queue of connections is full: the system answers no further one."""
    with ExitStack() as open_sockets:
        server = open_sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api/v3"


@contextmanager
def no_such_name() -> Iterator[str]:
    """The one thing that is replaced, so that no look-up leaves the machine."""
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with patch("socket.getaddrinfo", side_effect=error):
        yield "https://api.coingecko.invalid/api/v3"


@contextmanager
def nobody_trusts() -> Iterator[str]:
    """A server with a certificate that it signed itself."""
    with TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_self_signed(Path(folder)))
        with socket.create_server(("127.0.0.1", 0)) as server:
            serving = threading.Thread(target=_shake_hands, args=(server, context))
            serving.start()
            try:
                yield f"https://127.0.0.1:{server.getsockname()[1]}/api/v3"
            finally:
                server.shutdown(socket.SHUT_RDWR)
                serving.join()


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, suppress(OSError), context.wrap_socket(connection, server_side=True):
            pass


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
