"""The simulator as a whole."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import API_ROOT, FaultQueue
from pipeline_lib.simulator.http.exchange import Exchange
from pipeline_lib.simulator.http.handler import LoopbackServer
from pipeline_lib.simulator.http.request_log import RecordedRequest
from pipeline_lib.simulator.market.series import PriceSeries
from pipeline_lib.simulator.slack import WEBHOOK_PATH, SlackMessage

_SECONDS_TO_NOTICE_THE_END = 0.02


class Simulator:
    """CoinGecko and a Slack webhook on 127.0.0.1, answering while the context is open.

    ::

        with Simulator({"bitcoin": GeneratedSeries("bitcoin", seed=0)}, clock) as simulator:
            requests.get(f"{simulator.base_url}/ping")

    Listens from construction on, so the URLs are known and stay; a context can be opened once.
    """

    def __init__(self, series: Mapping[str, PriceSeries], clock: SimulatedClock, *, port: int = 0) -> None:
        """Serve a market.

        Args:
            series: Prices by CoinGecko id.
            clock: The simulation's time.
            port: Of 127.0.0.1; 0 for any free one.

        Raises:
            OSError: The port can't be had.
        """
        self._exchange = Exchange(series, clock)
        self._server = LoopbackServer(port, self._exchange)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_SECONDS_TO_NOTICE_THE_END,),
            name="simulator",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The root of CoinGecko's API, without a slash at the end."""
        return f"{self._origin}{API_ROOT}"

    @property
    def slack_webhook_url(self) -> str:
        """A webhook that takes messages; no secret, unlike a real one."""
        return f"{self._origin}{WEBHOOK_PATH}"

    @property
    def control_url(self) -> str:
        """The root of the steering endpoints."""
        return f"{self._origin}/simulator"

    @property
    def clock(self) -> SimulatedClock:
        """The simulated time."""
        return self._exchange.clock

    @property
    def faults(self) -> FaultQueue:
        """What is to go wrong."""
        return self._exchange.faults

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests that the simulated CoinGecko received, oldest first, those hit by a fault too."""
        return self._exchange.requests.requests()

    @property
    def slack_messages(self) -> tuple[SlackMessage, ...]:
        """The messages that the webhook took, oldest first."""
        return self._exchange.slack.messages()

    @property
    def _origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"
