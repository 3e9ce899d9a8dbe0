"""Where an API key may travel, and where it never does."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import responses

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import RequestRefusedError, SettingsError
from pipeline_lib.market import Transport
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

KEY = Secret("CG-made-up-key")


def sent_headers(base_url: str) -> Mapping[str, str]:
    with responses.RequestsMock() as web:
        web.get(f"{base_url}/ping", json={})
        Transport(base_url, KEY).get("/ping", {})
        return {name.lower(): value for name, value in web.calls[0].request.headers.items()}


@pytest.mark.parametrize("host", ["pro-api.coingecko.com", "PRO-API.CoinGecko.com", "pro-api.coingecko.com."])
def test_the_paid_host_never_gets_the_header_of_a_demo_key(host: str) -> None:
    headers = sent_headers(f"https://{host}/api/v3")
    assert headers["x-cg-pro-api-key"] == KEY.reveal()
    assert "x-cg-demo-api-key" not in headers


@pytest.mark.parametrize("host", ["api.coingecko.com", "api.coingecko.com.", "gateway.example"])
def test_no_other_host_gets_the_header_of_a_paid_key(host: str) -> None:
    headers = sent_headers(f"https://{host}/api/v3")
    assert headers["x-cg-demo-api-key"] == KEY.reveal()
    assert "x-cg-pro-api-key" not in headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_takes_no_key_there(simulator: Simulator, status: int) -> None:
    with Simulator({}, SimulatedClock(simulator.clock.now)) as elsewhere:
        target = f"{elsewhere.base_url}/ping"
        simulator.faults.add(Fault(kind="redirect", status=status, location=target))
        with pytest.raises(RequestRefusedError) as caught:
            Transport(simulator.base_url, KEY).get("/ping", {})
        assert caught.value.status == status
        assert elsewhere.requests == ()


def test_a_proxy_reads_no_key_that_travels_in_clear_text(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator({}, SimulatedClock(simulator.clock.now)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url.removesuffix("/api/v3"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        Transport(simulator.base_url, KEY).get("/ping", {})
        assert proxy.requests == ()
    (request,) = simulator.requests
    assert request.headers["x-cg-demo-api-key"] == "***"


@pytest.mark.parametrize("url", ["http://api.coingecko.com/api/v3", "http://pro-api.coingecko.com/api/v3"])
def test_no_key_travels_in_clear_text_to_another_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="COINGECKO_BASE_URL is not an https address"):
        Settings.from_environment({"COINGECKO_BASE_URL": url}, project_folder=Path())
