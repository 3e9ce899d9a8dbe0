"""requests, with sockets that can be shut and without its reading of redirects.

Imported when a call is made.
"""

from collections.abc import Mapping
from socket import socket
from typing import Any

from requests import PreparedRequest, Response, Session  # noqa: TID253 (only a call imports this)
from requests.adapters import HTTPAdapter  # noqa: TID253

from pipeline_lib.common.http.sockets import OpenSockets


def open_session(sockets: OpenSockets) -> Session:
    """A session for one call, whose connections join ``sockets``."""
    session = _Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(sockets))
    return session


class _Session(Session):
    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 (requests' signature)
        """None: even where redirects aren't followed, requests reads their bodies to the end."""
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, sockets: OpenSockets) -> None:
        super().__init__()
        self._sockets = sockets

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 (as the parent)
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> Any:  # noqa: ANN401 (urllib3's pool, of a type that depends on proxies)
        """The pool as usual; its connections join the sockets when they open."""
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = _joining(pool.ConnectionCls, self._sockets)
        return pool


def _joining(connection_class: Any, sockets: OpenSockets) -> type:  # noqa: ANN401 (one of four of urllib3's)
    class Joining(connection_class):  # type: ignore[misc]
        def _new_conn(self) -> socket:
            opened: socket = super()._new_conn()
            sockets.add(opened)
            return opened

        def endheaders(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as the parent)
            # A connection that can't be made fails here, while nothing of the request is sent.
            if self.sock is None:
                self.connect()
            sockets.are_written = True
            super().endheaders(*args, **kwargs)

    return Joining
