"""A server of S3 that answers as it is told."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

ATTEMPTS = 4


class ToldServer(ThreadingHTTPServer):
    """Gives its answers to GET and PUT in turn; then the last one for ever. Keeps these requests.

    HEAD is answered by ``stored``: the content that the last successful PUT brought, or a test's own; or with
    the status ``refuses_heads_with``. Errors say ``message`` and bring ``headers``.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, str | bytes]] = [(200, b"")]
        self.received: list[tuple[str, str | None]] = []
        self.checksums: list[str | None] = []
        self.stored: bytes | None = None
        self.tells_checksums = True
        self.loses_the_last_byte = False
        self.message = "made up"
        self.headers: dict[str, str] = {}
        self.refuses_heads_with: int | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ToldServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.checksums.append(self.headers.get("x-amz-checksum-sha256"))
        self.server.received.append((self.command, self.headers.get("If-None-Match")))
        status, said = self.server.answers[0]
        if len(self.server.answers) > 1:
            del self.server.answers[0]
        if self.command == "PUT" and status == 200:
            self.server.stored = body[:-1] if self.server.loses_the_last_byte else body
        if isinstance(said, str):
            said = (
                f"<Error><Code>{said}</Code><Message>{escape(self.server.message)}</Message></Error>".encode()
            )
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_HEAD(self) -> None:
        if self.server.refuses_heads_with:
            self.send_response(self.server.refuses_heads_with)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        stored = self.server.stored
        self.send_response(404 if stored is None else 200)
        self.send_header("Content-Length", str(len(stored or b"")))
        if stored is not None and self.server.tells_checksums:
            self.send_header("x-amz-checksum-sha256", b64encode(sha256(stored).digest()).decode())
        self.end_headers()

    do_GET = do_PUT = _answer  # noqa: N815 - names that http.server asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        pass


@contextmanager
def told_server() -> Iterator[ToldServer]:
    """One that is running."""
    with ToldServer() as told:
        thread = threading.Thread(target=told.serve_forever, args=(0.02,))
        thread.start()
        yield told
        told.shutdown()
        thread.join()
