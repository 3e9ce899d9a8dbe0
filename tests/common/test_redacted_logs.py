import logging

import pytest

from pipeline_lib.common.redacted_logs import redacted_logs
from pipeline_lib.common.secret import Secret

URL = "https://hooks.slack.com/services/T0/B0/made-up-token"


def test_a_library_tells_no_secret_while_the_context_is_open(caplog: pytest.LogCaptureFixture) -> None:
    library = logging.getLogger("some.library")
    with caplog.at_level(logging.DEBUG), redacted_logs(("some.library",), [Secret(URL)]):
        library.debug('%s "POST %s"', "https://hooks.slack.com", "/services/T0/B0/made-up-token")
        logging.getLogger("another").debug("hello %s", "you")
    assert caplog.messages == ['https://hooks.slack.com "POST ***"', "hello you"]
    assert library.filters == []


def test_the_filter_goes_when_the_work_fails() -> None:
    with pytest.raises(OSError, match="full"), redacted_logs(("some.library",), []):
        raise OSError("full")
    assert logging.getLogger("some.library").filters == []


def test_a_secret_that_is_found_on_the_way_is_hidden_from_then_on(caplog: pytest.LogCaptureFixture) -> None:
    secrets: list[Secret] = []
    with caplog.at_level(logging.INFO), redacted_logs(("some.library",), secrets):
        secrets.append(Secret("found-later"))
        logging.getLogger("some.library").info("found-later")
    assert caplog.messages == ["***"]


def test_a_traceback_which_may_hold_a_secret_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), redacted_logs(("some.library",), [Secret(URL)]):
        try:
            raise OSError(URL)  # noqa: TRY301
        except OSError:
            logging.getLogger("some.library").exception("it failed")
    assert "it failed" in caplog.text
    assert "made-up-token" not in caplog.text
