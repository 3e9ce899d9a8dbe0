import errno
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline_lib.errors import MarketUnavailableError, PermanentError, RequestRefusedError, TemporaryError
from pipeline_lib.market import Transport
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

MARKETS = {"vs_currency": "usd", "ids": "bitcoin"}


def unavailable(transport: Transport) -> MarketUnavailableError:
    with pytest.raises(MarketUnavailableError) as caught:
        transport.get("/coins/markets", MARKETS)
    assert isinstance(caught.value, TemporaryError)
    return caught.value


def refused(transport: Transport) -> RequestRefusedError:
    with pytest.raises(RequestRefusedError) as caught:
        transport.get("/coins/markets", MARKETS)
    assert isinstance(caught.value, PermanentError)
    return caught.value


def test_a_closed_port_is_no_answer() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        error = unavailable(Transport(f"http://127.0.0.1:{port}/api/v3", None))
    assert str(error) == (
        f"no answer from 127.0.0.1:{port}: ConnectionError, [Errno {errno.ECONNREFUSED}] Connection refused"
        " (check the network, or try later)"
    )
    assert (error.status, error.retry_after) == (None, None)


def test_a_connection_closed_without_an_answer_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.close()

        hangs_up = threading.Thread(target=hang_up)
        hangs_up.start()
        error = unavailable(Transport(f"http://127.0.0.1:{server.getsockname()[1]}", None))
        hangs_up.join()
    assert str(error).startswith("no answer from 127.0.0.1:")
    assert "ConnectionError, " in str(error)


def test_an_answer_cut_in_the_middle_is_no_answer(simulator: Simulator, transport: Transport) -> None:
    simulator.faults.add(Fault(kind="cut"))
    error = unavailable(transport)
    assert "IncompleteRead" in str(error)
    assert error.status is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_a_status_of_the_moment_is_temporary(simulator: Simulator, transport: Transport, status: int) -> None:
    simulator.faults.add(Fault(kind="status", status=status))
    error = unavailable(transport)
    assert (error.status, error.retry_after) == (status, None)
    assert str(error).startswith(f"CoinGecko answered {status}: ")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_permanent(simulator: Simulator, transport: Transport, status: int) -> None:
    simulator.faults.add(Fault(kind="status", status=status))
    error = refused(transport)
    assert error.status == status
    assert str(error).startswith(f"CoinGecko answered {status}: ")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_not_followed(
    simulator: Simulator, transport: Transport, status: int
) -> None:
    simulator.faults.add(Fault(kind="redirect", status=status, location=f"{simulator.base_url}/ping"))
    error = refused(transport)
    assert (error.status, error.message) == (status, f"CoinGecko answered {status}, a redirect to 127.0.0.1")
    assert [request.path for request in simulator.requests] == ["/coins/markets"]


def test_another_success_than_200_is_refused(simulator: Simulator, transport: Transport) -> None:
    simulator.faults.add(Fault(kind="status", status=206, body="[]"))
    assert refused(transport).message == "CoinGecko answered 206: []"


@pytest.mark.parametrize(("header", "seconds"), [(119, 119.0), (0, 0.0), ("soon", None), ("\xb2", None)])
def test_retry_after_in_seconds_is_kept(
    simulator: Simulator, transport: Transport, header: int | str, seconds: float | None
) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=header))
    assert unavailable(transport).retry_after == seconds


def test_retry_after_as_a_date_is_kept(simulator: Simulator, transport: Transport) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    simulator.faults.add(Fault(kind="status", status=503, retry_after=date))
    seconds = unavailable(transport).retry_after
    assert seconds is not None
    assert 90 < seconds <= 100


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (10002, "set COINGECKO_API_KEY, or check that the key is right"),
        (10005, "take a plan that includes this request: the one of COINGECKO_API_KEY doesn't"),
        (10010, "set COINGECKO_BASE_URL=https://pro-api.coingecko.com/api/v3, where a paid key belongs"),
        (10011, "set COINGECKO_BASE_URL=https://api.coingecko.com/api/v3, where a demo key belongs"),
        (10012, "ask for a later time: the plan reaches back 365 days"),
        (10999, "check COINGECKO_API_KEY and COINGECKO_BASE_URL"),
    ],
)
def test_a_code_of_coingeckos_comes_with_what_to_do(
    simulator: Simulator, transport: Transport, code: int, hint: str
) -> None:
    simulator.faults.add(Fault(kind="status", status=401, error_code=code))
    error = refused(transport)
    assert (error.error_code, error.hint) == (code, hint)


@pytest.mark.parametrize("code", [10002, 10005, 10010, 10011, 10012])
def test_a_403_about_key_or_plan_is_permanent(simulator: Simulator, transport: Transport, code: int) -> None:
    simulator.faults.add(Fault(kind="status", status=403, error_code=code))
    assert refused(transport).error_code == code


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("edge", "error code: 1015"),
        (
            '{"status": {"error_code": 403, "error_message": "temporarily unavailable"}}',
            "temporarily unavailable",
        ),
        ("<!doctype html><title>Just a moment...</title><body><p>x", "Just a moment..."),
    ],
)
def test_any_other_403_passes_in_a_minute_or_more(
    simulator: Simulator, transport: Transport, body: str, told: str
) -> None:
    simulator.faults.add(Fault(kind="status", status=403, body=body))
    error = unavailable(transport)
    assert (error.status, error.retry_after) == (403, 60.0)
    assert str(error) == (
        f"CoinGecko answered 403: {told} (check COINGECKO_API_KEY; where it is right, CoinGecko shuts this"
        " network out: take another one, or wait some hours)"
    )


@pytest.mark.parametrize(("asked", "seconds"), [(5, 60.0), (119, 119.0)])
def test_a_403_that_names_a_longer_wait_gets_it(
    simulator: Simulator, transport: Transport, asked: int, seconds: float
) -> None:
    simulator.faults.add(Fault(kind="status", status=403, body="edge", retry_after=asked))
    assert unavailable(transport).retry_after == seconds


def test_a_refusal_without_a_code_has_none(simulator: Simulator, transport: Transport) -> None:
    simulator.faults.add(Fault(kind="status", status=404))
    error = refused(transport)
    assert (error.error_code, error.message) == (None, "CoinGecko answered 404: coin not found")
    assert error.hint == "check the coin's id and COINGECKO_BASE_URL"
