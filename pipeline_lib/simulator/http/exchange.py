"""From a request to what goes back: where the faults come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import API_ROOT, SLACK_ROOT, Fault, FaultQueue, edit_rows
from pipeline_lib.simulator.http.control import CONTROL_ROOT, Control
from pipeline_lib.simulator.http.error_bodies import market_error, slack_error
from pipeline_lib.simulator.http.messages import Answer, Request, json_answer, text_answer
from pipeline_lib.simulator.http.request_log import RequestLog
from pipeline_lib.simulator.market.answers import Market
from pipeline_lib.simulator.market.series import PriceSeries
from pipeline_lib.simulator.slack import SlackWebhook

_NOT_JSON = "<!doctype html><title>One moment</title><p>Checking that you are no robot."
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and the way it travels.

    Attributes:
        answer: The answer, whole.
        seconds_before: To wait before it is sent.
        seconds_between_bytes: To wait before each byte of the body, or None to send it at once.
        is_cut: Whether the connection closes in the middle of the body.
    """

    answer: Answer
    seconds_before: float = 0.0
    seconds_between_bytes: float | None = None
    is_cut: bool = False


class Exchange:
    """Everything behind the server's socket. Safe to use from many threads."""

    def __init__(self, series: Mapping[str, PriceSeries], clock: SimulatedClock) -> None:
        self.clock = clock
        self.faults = FaultQueue()
        self.requests = RequestLog()
        self.slack = SlackWebhook(clock)
        self._market = Market(series, clock)
        self._control = Control(clock, self.faults, self.requests, self.slack)

    def deliver(self, request: Request) -> Delivery:
        """Answer ``request``. What happens below ``/simulator`` is never logged nor hit by a fault."""
        if _is_below(request.path, CONTROL_ROOT):
            return Delivery(self._control.answer(request))
        if _is_below(request.path, SLACK_ROOT):
            return self._deliver_slack(request)
        return self._deliver_market(request)

    def _deliver_slack(self, request: Request) -> Delivery:
        faults = self.faults.take(request.path)
        fault = faults[0] if faults else None
        if fault is not None and fault.kind == "status":
            return Delivery(slack_error(_status(fault), body=fault.body, headers=_headers(fault)))
        if fault is not None and fault.kind == "redirect":
            return Delivery(_redirect(fault))
        if request.method != "POST":
            return Delivery(text_answer(400, "invalid_payload"))
        return _on_its_way(self.slack.post(request.path, request.body), fault)

    def _deliver_market(self, request: Request) -> Delivery:
        path = request.path.removeprefix(API_ROOT)
        self.requests.record(request, path, self.clock.now())
        faults = self.faults.take(path)
        fault = faults[0] if faults else None
        if fault is not None and fault.kind == "status":
            return Delivery(
                market_error(
                    _status(fault),
                    self.clock.now(),
                    body=fault.body,
                    error_code=fault.error_code,
                    headers=_headers(fault),
                )
            )
        if fault is not None and fault.kind == "redirect":
            return Delivery(_redirect(fault))
        if request.method != "GET" or not _is_below(request.path, API_ROOT):
            return Delivery(json_answer(404, {"error": "Incorrect path"}))
        unknown = frozenset(fault.coin for fault in faults if fault.kind == "unknown_coin" and fault.coin)
        said = self._market.answer(path, request.query, without=unknown)
        document = edit_rows(said.document, faults)
        return _on_its_way(json_answer(said.status, document, {"Cache-Control": said.cache_control}), fault)


def _is_below(path: str, root: str) -> bool:
    return path.startswith(f"{root}/")


def _status(fault: Fault) -> int:
    # A fault of kind status can't be made without one.
    return fault.status or 500


def _headers(fault: Fault) -> Mapping[str, str]:
    return _NO_HEADERS if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def _redirect(fault: Fault) -> Answer:
    return text_answer(fault.status or 302, "", {"Location": fault.location or "/"})


def _on_its_way(answer: Answer, fault: Fault | None) -> Delivery:
    match fault:
        case Fault(kind="slow", seconds=float() | int() as seconds):
            return Delivery(answer, seconds_before=seconds)
        case Fault(kind="drip", seconds=float() | int() as seconds):
            return Delivery(answer, seconds_between_bytes=seconds)
        case Fault(kind="cut"):
            return Delivery(answer, is_cut=True)
        case Fault(kind="malformed", body=str(body)):
            return Delivery(Answer(200, body.encode(), "application/json; charset=utf-8"))
        case Fault(kind="malformed"):
            return Delivery(Answer(200, _NOT_JSON.encode(), "text/html; charset=utf-8"))
        case _:
            return Delivery(answer)
