"""What the simulated CoinGecko was asked."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.simulator.http.messages import Request

_KEPT_REQUESTS = 10_000
_KEPT_HEADERS = ("accept", "accept-encoding", "connection", "user-agent")
_KEY_HEADERS = ("x-cg-demo-api-key", "x-cg-pro-api-key")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that reached the simulated CoinGecko, whatever became of it.

    Attributes:
        received_at: The simulated time, UTC.
        method: The HTTP method.
        path: Below the API's root, such as ``/coins/markets``.
        query: The decoded parameters.
        headers: Those that tell something about the client, by name in small letters; of an API key only
            that it was there.
    """

    received_at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class RequestLog:
    """The last 10,000 requests. Safe to use from many threads."""

    def __init__(self) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._lock = threading.Lock()

    def record(self, request: Request, path: str, moment: datetime) -> None:
        """Add a request.

        Args:
            request: What came; of an API key only its presence is kept.
            path: Below the API's root.
            moment: When it came, by the simulation's time (UTC).
        """
        headers = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        headers |= {name: "***" for name in _KEY_HEADERS if name in request.headers}
        with self._lock:
            self._requests.append(RecordedRequest(moment, request.method, path, request.query, headers))

    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests, oldest first."""
        with self._lock:
            return tuple(self._requests)
