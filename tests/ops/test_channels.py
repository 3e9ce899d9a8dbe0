"""Ops alerts on their way: Slack, and a web service by way of apprise."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import AppriseFailedError, OpsAlertFailedError, SettingsError, SlackRefusedError
from pipeline_lib.ops.channels import AppriseChannel, SlackChannel, deliver_to_all
from pipeline_lib.ops.notices import OpsNotice
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

NOTICE = OpsNotice(":wrench:", "bitcoin · it <failed>", (("OSError", "disk & full"),), "make room")


class Service(HTTPServer):
    """A web service that keeps what it receives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, object]] = []

    @property
    def url(self) -> Secret:
        return Secret(f"json://user:made-up-password@127.0.0.1:{self.server_port}/hook")


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_apprise_delivers_plain_text(service: Service) -> None:
    AppriseChannel(service.url, 1).deliver(NOTICE)
    (received,) = service.received
    assert received["title"] == "ops · bitcoin · it <failed>"
    assert received["message"] == "OSError: disk & full\nWhat to do: make room"


def test_what_apprise_cant_deliver_is_an_error_that_names_no_address(closed_port: int) -> None:
    channel = AppriseChannel(Secret(f"json://user:made-up-password@127.0.0.1:{closed_port}/hook"), 2)
    with pytest.raises(AppriseFailedError, match="address 2 of OPS_ALERT_URLS") as caught:
        channel.deliver(NOTICE)
    assert "made-up-password" not in f"{caught.value} {caught.value!r} {channel}"


def test_an_address_that_apprise_cant_read_is_an_error_that_doesnt_repeat_it() -> None:
    with pytest.raises(SettingsError, match="can't read, at place 3") as caught:
        AppriseChannel(Secret("nonsense://made-up-password"), 3).deliver(NOTICE)
    assert "made-up-password" not in str(caught.value)


def test_a_missing_apprise_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError) as caught:
        AppriseChannel(Secret("json://x"), 1).deliver(NOTICE)
    assert str(caught.value) == (
        "OPS_ALERT_URLS needs apprise, which isn't installed (pip install 'coin-pipelines[apprise]')"
    )


def test_a_channel_that_fails_holds_up_no_other(simulator: Simulator, service: Service) -> None:
    simulator.faults.add(Fault(kind="status", status=403, path="/services"))
    slack = SlackChannel(SlackWebhook(Secret(simulator.slack_webhook_url), RetryPolicy(first_wait=0)))
    with pytest.raises(OpsAlertFailedError) as caught:
        deliver_to_all([slack, AppriseChannel(service.url, 1)], NOTICE)
    assert len(service.received) == 1
    assert not caught.value.reached_nobody
    (failure,) = caught.value.failures
    assert isinstance(failure, SlackRefusedError)
    assert str(caught.value).startswith("1 of 2 channels missed the ops alert 'bitcoin · it <failed>': Slack")


def test_what_no_channel_took_reached_nobody(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=403, path="/services"))
    slack = SlackChannel(SlackWebhook(Secret(simulator.slack_webhook_url), RetryPolicy(first_wait=0)))
    with pytest.raises(OpsAlertFailedError) as caught:
        deliver_to_all([slack], NOTICE)
    assert caught.value.reached_nobody
    deliver_to_all([slack], NOTICE)
    assert len(simulator.slack_messages) == 1
