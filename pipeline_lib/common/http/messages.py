"""What goes out and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Its address, headers and body may hold secrets, so none of them is printed.

    Attributes:
        method: ``GET``, ``POST`` …
        url: The address.
        parameters: Added to the address as its query.
        headers: Sent beside those of the library; one with the same name replaces its.
        body: Sent as it is, or None.
        proxies: Proxies by scheme, in place of the environment's; an empty one means none.
    """

    method: str
    url: str = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """Host and port of the address, for people."""
        try:
            return urlsplit(self.url).netloc.rpartition("@")[2]
        except ValueError:
            return "an address that is none"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large a call may get.

    Attributes:
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait for the next byte.
        total_seconds: Longest time from the look-up of the name to the last byte.
        most_bytes: How much of a body is read, unpacked.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 30.0
    most_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, with any status. It repeats none of the secrets that the call was made with.

    Attributes:
        status: The HTTP status.
        url: The request's address with its query.
        headers: By name in lower case.
        body: Its bytes, unpacked. Of a redirect nothing is read.
        is_whole: Whether there was no more of the body than may be read.
        redirect_host: Where a redirect leads, for people: the host alone, since a query could hold anything.
            Empty for any other answer.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool
    redirect_host: str
