"""HTTP on the wire: requests read, answers sent in the way their delivery says."""

import socket
import sys
import threading
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeline_lib.simulator.http.exchange import Delivery, Exchange
from pipeline_lib.simulator.http.messages import Answer, Request, text_answer

_LONGEST_BODY = 1_000_000


class LoopbackServer(ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1 that can hang up on all its clients."""

    request_queue_size = 128

    def __init__(self, port: int, exchange: Exchange) -> None:
        """Listen on ``port``; 0 takes any free one.

        Raises:
            OSError: The port can't be had.
        """
        self.exchange = exchange
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), RequestHandler)

    def hang_up(self) -> None:
        """End what is being sent and close every connection, kept-alive ones too."""
        self.stopping.set()
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            # The client, or its handler, may have closed it already.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take in a connection."""
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the signature is socketserver's
        """Let go of a connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Report what a handler raised, unless the client only went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RequestHandler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with one client, keeping the connection alive."""

    protocol_version = "HTTP/1.1"
    server_version = "coin-pipelines-simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: LoopbackServer

    def _respond(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Delivery(text_answer(413, "send a body of at most a million bytes, with its length")))
            return
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        self._send(self.server.exchange.deliver(request))

    do_GET = do_POST = do_PUT = do_DELETE = _respond  # noqa: N815 - the names are http.server's

    def _send(self, delivery: Delivery) -> None:
        if self.server.stopping.wait(delivery.seconds_before):
            self.close_connection = True
            return
        answer = delivery.answer
        if delivery.is_cut:
            self.close_connection = True
            self._send_head(answer)
            self.wfile.write(answer.content[: len(answer.content) // 2])
        elif delivery.seconds_between_bytes is None:
            self._send_head(answer)
            self.wfile.write(answer.content)
        else:
            self._send_head(answer)
            self._drip(answer.content, delivery.seconds_between_bytes)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, content: bytes, seconds: float) -> None:
        for position in range(len(content)):
            if self.server.stopping.wait(seconds):
                self.close_connection = True
                return
            self.wfile.write(content[position : position + 1])

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - http.server's signature
        """The Date header: the simulated time."""
        return format_datetime(self.server.exchange.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Print nothing: paths may hold a webhook, and the request log tells the rest."""
