"""A call that ends in time, whatever the other side does."""

from collections.abc import Sequence
from concurrent.futures import Future, wait
from http import HTTPStatus
from http.client import HTTPException
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.common.http.messages import Answer, Limits, Request
from pipeline_lib.common.http.sockets import OpenSockets
from pipeline_lib.common.redacted_logs import redacted_logs
from pipeline_lib.common.secret import Secret, redacted
from pipeline_lib.errors import NoAnswerError

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES = 64 * 1024
# What an error says stands at its start.
_MOST_ERROR_BYTES = 64 * 1024
_REDIRECTS = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
# Of a shorter secret nobody could tell whether it stands in data by chance.
_SHORTEST_SECRET_IN_DATA = 10
# Loggers that tell the address.
_TALKATIVE = ("urllib3.connection", "urllib3.connectionpool")


def send(request: Request, limits: Limits, secrets: Sequence[Secret] = ()) -> Answer:
    """Send a request once; no redirect is followed, and none of their bodies read.

    The call runs in a thread of its own, since nothing else can end a look-up of a name. When the time is
    over its sockets are shut, so that it reads nothing more.

    Args:
        request: What to send.
        limits: How long and how large the call may get.
        secrets: Made unreadable wherever the other side repeats them.

    Raises:
        NoAnswerError: No whole answer came in time.
    """
    sockets = OpenSockets()
    result: Future[Answer | NoAnswerError] = Future()

    def exchange() -> None:
        try:
            result.set_result(_exchange(request, limits, secrets, sockets))
        except BaseException as error:  # noqa: BLE001 (the waiting thread raises it)
            result.set_exception(error)

    Thread(target=exchange, name="http-exchange", daemon=True).start()
    try:
        is_in_time = bool(wait([result], timeout=limits.total_seconds).done)
    finally:
        sockets.shut()
    if not is_in_time:
        raise NoAnswerError(request.host, f"the call took longer than {limits.total_seconds:g} s")
    answer = result.result()
    if isinstance(answer, NoAnswerError):
        raise answer
    return answer


def _exchange(
    request: Request, limits: Limits, secrets: Sequence[Secret], sockets: OpenSockets
) -> Answer | NoAnswerError:
    """A failure is returned, since the chain of the libraries' exceptions holds address and headers."""
    from requests import RequestException
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 (comes with requests)

    from pipeline_lib.common.http.session import open_session  # noqa: PLC0415 (imports requests)

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
        return NoAnswerError(request.host, _reason(error, hidden))


def _read(
    response: "requests.Response", limits: Limits, secrets: Sequence[Secret], hidden: Sequence[Secret]
) -> Answer:
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


def _read_body(response: "requests.Response", most_bytes: int) -> bytes:
    """The body, unpacked, and of a larger one its first ``most_bytes``."""
    body = bytearray()
    # Each read takes what is there: iter_content would unpack a whole chunk, however large that gets.
    while len(body) < most_bytes and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True)):
        body += chunk
    return bytes(body[:most_bytes])


def _redirect_host(response: "requests.Response", secrets: Sequence[Secret]) -> str:
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
