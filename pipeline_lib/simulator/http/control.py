"""Steering the simulation over HTTP, below ``/simulator``."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeAlias

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.documents import fault_to_json, faults_from_json
from pipeline_lib.simulator.faults.queue import FaultQueue
from pipeline_lib.simulator.http.json_text import Json
from pipeline_lib.simulator.http.messages import Answer, Request, json_answer
from pipeline_lib.simulator.http.request_log import RequestLog
from pipeline_lib.simulator.slack import SlackWebhook

CONTROL_ROOT = "/simulator"

Route: TypeAlias = Callable[[Request], Json]


class Control:
    """Reads and changes the clock, the faults, and what was received."""

    def __init__(
        self, clock: SimulatedClock, faults: FaultQueue, requests: RequestLog, slack: SlackWebhook
    ) -> None:
        """Steer these.

        Args:
            clock: The simulation's time.
            faults: What goes wrong next.
            requests: What CoinGecko was asked.
            slack: What Slack received.
        """
        self._clock = clock
        self._faults = faults
        self._requests = requests
        self._slack = slack
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/clock"): self._clock_now,
            ("PUT", "/clock"): self._set_clock,
            ("GET", "/requests"): self._received_requests,
            ("GET", "/slack/messages"): self._messages,
            ("DELETE", "/slack/messages"): self._forget_messages,
            ("GET", "/faults"): self._waiting_faults,
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._forget_faults,
        }

    def answer(self, request: Request) -> Answer:
        """Do what ``request`` asks; 400 with the reason when its JSON doesn't fit, 404 for another path."""
        route = self._routes.get((request.method, request.path.removeprefix(CONTROL_ROOT)))
        if route is None:
            return json_answer(404, {"error": f"the simulator knows no {request.method} {request.path}"})
        try:
            return json_answer(200, route(request))
        except ValueError as error:
            return json_answer(400, {"error": str(error)})

    def _clock_now(self, _request: Request) -> Json:
        return {"at": format_moment(self._clock.now()), "follows": self._clock.follows}

    def _set_clock(self, request: Request) -> Json:
        document = _json(request)
        at = document.get("at") if isinstance(document, dict) else None
        if not isinstance(at, str):
            raise ValueError('the body is not like {"at": "2018-02-05T14:00:00Z"} or {"at": "now"}')  # noqa: TRY004
        if at == "now":
            self._clock.follow()
        else:
            try:
                self._clock.set(parse_moment(at))
            except ValueError as error:
                raise ValueError(f"at: {error}") from error
        return self._clock_now(request)

    def _received_requests(self, _request: Request) -> Json:
        return [
            {**asdict(received), "received_at": format_moment(received.received_at)}
            for received in self._requests.requests()
        ]

    def _messages(self, _request: Request) -> Json:
        return [
            {"received_at": format_moment(message.received_at), "body": message.body}
            for message in self._slack.messages()
        ]

    def _forget_messages(self, request: Request) -> Json:
        self._slack.clear()
        return self._messages(request)

    def _waiting_faults(self, _request: Request) -> Json:
        return [fault_to_json(fault) for fault in self._faults.waiting()]

    def _add_faults(self, request: Request) -> Json:
        self._faults.add(*faults_from_json(_json(request)))
        return self._waiting_faults(request)

    def _forget_faults(self, request: Request) -> Json:
        self._faults.clear()
        return self._waiting_faults(request)


def _json(request: Request) -> object:
    try:
        document: object = json.loads(request.body)
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    return document
