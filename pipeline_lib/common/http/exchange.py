"""One request and its answer, however long that takes; imported when a call is made."""

from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from requests import RequestException, Response  # noqa: TID253 (only a call imports this)
from urllib3.exceptions import HTTPError

from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.common.http.messages import Answer, Limits, Request
from pipeline_lib.common.http.session import open_session
from pipeline_lib.common.http.sockets import OpenSockets
from pipeline_lib.common.redacted_logs import redacted_logs
from pipeline_lib.common.secret import Secret, redacted
from pipeline_lib.errors import NoAnswerError

_CHUNK_BYTES = 64 * 1024
# What an error says stands at its start.
_MOST_ERROR_BYTES = 64 * 1024
_REDIRECTS = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
# Of a shorter secret nobody could tell whether it stands in data by chance.
_SHORTEST_SECRET_IN_DATA = 10
# Loggers that tell the address.
_TALKATIVE = ("urllib3.connection", "urllib3.connectionpool")


def exchange(
    request: Request, limits: Limits, secrets: Sequence[Secret], sockets: OpenSockets
) -> Answer | NoAnswerError:
    """Send a request over sockets that somebody else may shut.

    A failure is returned and not raised: the chain of the libraries' exceptions holds address and headers.

    Args:
        request: What to send.
        limits: How long each wait and how large the body may get; the whole time is for the caller to bound.
        secrets: Made unreadable wherever the other side repeats them.
        sockets: What the call's sockets join.
    """
    hidden = (*secrets, *_proxies_with_passwords())
    try:
        with (
            redacted_logs(_TALKATIVE, hidden),
            open_session(sockets) as session,
            session.request(
                request.method,
                request.url,
                params=request.parameters,
                data=request.body,
                headers=request.headers,
                proxies=dict(request.proxies),
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return _read(response, limits, secrets, hidden)
    # Of the libraries' own kinds some are ValueErrors alone, such as a host that is no name.
    except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
        return NoAnswerError(request.host, _reason(error, hidden), was_sent=sockets.are_written)


def _read(response: Response, limits: Limits, secrets: Sequence[Secret], hidden: Sequence[Secret]) -> Answer:
    status = response.status_code
    is_success = status == HTTPStatus.OK
    most_bytes = limits.most_bytes if is_success else min(limits.most_bytes, _MOST_ERROR_BYTES)
    # One byte more than allowed tells that there are too many.
    body = b"" if status in _REDIRECTS else _read_body(response, most_bytes + 1)
    return Answer(
        status=status,
        url=redacted(str(response.url), hidden),
        headers={
            redacted(name, hidden).lower(): redacted(value, hidden)
            for name, value in response.headers.items()
        },
        body=(_redacted_data(body, secrets) if is_success else _redacted_text(body, hidden))[:most_bytes],
        is_whole=len(body) <= most_bytes,
        redirect_host=_redirect_host(response, hidden) if status in _REDIRECTS else "",
    )


def _read_body(response: Response, most_bytes: int) -> bytes:
    """The body, unpacked, and of a larger one its first ``most_bytes``."""
    body = bytearray()
    # Each read takes what is there: iter_content would unpack a whole chunk, however large that gets.
    while len(body) < most_bytes and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True)):
        body += chunk
    return bytes(body[:most_bytes])


def _redirect_host(response: Response, secrets: Sequence[Secret]) -> str:
    try:
        host = urlsplit(urljoin(str(response.url), response.headers.get("Location", ""))).hostname
    except ValueError:
        host = None
    # Hosts are read in lower case.
    parts = [Secret(part.lower()) for secret in secrets for part in secret.parts()]
    return shorten(redacted(host or "no host", parts))


def _redacted_text(body: bytes, secrets: Sequence[Secret]) -> bytes:
    # In Latin-1 each byte is a letter, and comes back as it was.
    texts = [Secret(secret.reveal().encode().decode("latin-1")) for secret in secrets]
    return redacted(body.decode("latin-1"), texts).encode("latin-1")


def _redacted_data(body: bytes, secrets: Sequence[Secret]) -> bytes:
    # Data is archived letter for letter, and parts of an address may be ordinary words of it.
    for value in (secret.reveal() for secret in secrets):
        if len(value) >= _SHORTEST_SECRET_IN_DATA:
            body = body.replace(value.encode(), b"***")
    return body


def _proxies_with_passwords() -> list[Secret]:
    return [Secret(address) for address in getproxies().values() if "@" in address]


def _reason(error: Exception, secrets: Sequence[Secret]) -> str:
    kind = type(error).__name__
    if isinstance(error, ValueError):
        # It is about the address, and may tell it in a form that isn't recognized as a secret.
        return kind
    # requests wraps the cause two or three deep; the innermost says it in plain words.
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return f"{kind}, {shorten(redacted(str(cause), secrets))}"
