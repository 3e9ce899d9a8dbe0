"""A webhook's address is a secret: whoever reads it can post."""

import logging
import traceback

import pytest

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import AlertError
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from tests.fixtures.far_end import far_end, sends

PATH = "services/T00000000/B00000000/"
TOKEN = "made-up-token-1234"


def _texts(error: BaseException) -> list[str]:
    """Everything that a log, a debugger or an error collector may show of an error."""
    texts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        texts += [str(link), repr(link), repr(link.args), repr(vars(link))]
        frames = [frame for frame, _ in traceback.walk_tb(link.__traceback__)]
        texts += [repr(frame.f_locals) for frame in frames if "pipeline_lib" in frame.f_code.co_filename]
        link = link.__cause__ or link.__context__
    return texts


@pytest.fixture(params=["refused", "failing", "cut", "malformed", "nobody listens", "no address"])
def broken_url(request: pytest.FixtureRequest, simulator: Simulator, closed_port: int) -> str:
    url = simulator.slack_webhook_url.replace("simulated", TOKEN)
    match request.param:
        case "refused":
            simulator.faults.add(Fault(kind="status", path="/services", status=404, times=None))
        case "failing":
            simulator.faults.add(Fault(kind="status", path="/services", status=500, times=None))
        case "cut":
            simulator.faults.add(Fault(kind="cut", path="/services", times=None))
        case "malformed":
            return url.replace("/services/", "/elsewhere/services/")
        case "nobody listens":
            return f"http://127.0.0.1:{closed_port}/{PATH}{TOKEN}"
        case _:
            return f"https://[not-an-address/{PATH}{TOKEN}"
    return url


def test_a_failed_delivery_does_not_show_the_address(
    broken_url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="pipeline_lib")
    webhook = SlackWebhook(Secret(broken_url), RetryPolicy(attempts=2, first_wait=0))
    with pytest.raises(AlertError) as caught:
        webhook.deliver({"text": "hello"})
    output, errors = capfd.readouterr()
    for text in [*_texts(caught.value), repr(webhook), str(webhook), caplog.text, output, errors]:
        assert TOKEN not in text
        assert "B00000000" not in text


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_an_address_that_slack_repeats_is_not_told(
    status: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    caplog.set_level(logging.INFO)
    body = f"no such webhook: /{PATH}{TOKEN}, {TOKEN}".encode()
    with far_end(
        sends(body, status, "text/plain", location=f"https://{TOKEN}.example/{PATH}{TOKEN}")
    ) as root:
        url = f"{root.removesuffix('/api/v3')}/{PATH}{TOKEN}"
        webhook = SlackWebhook(Secret(url), RetryPolicy(attempts=1))
        with pytest.raises(AlertError) as caught:
            webhook.deliver({"text": "hello"})
    for text in [*_texts(caught.value), caplog.text]:
        assert TOKEN not in text
        assert "B00000000" not in text


def test_a_delivery_does_not_log_the_address(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="pipeline_lib")
    url = simulator.slack_webhook_url.replace("simulated", TOKEN)
    SlackWebhook(Secret(url)).deliver({"text": "hello"})
    output, errors = capfd.readouterr()
    for text in (caplog.text, output, errors):
        assert TOKEN not in text
