from datetime import UTC, datetime

import pytest

from pipeline_lib.database.market.shared_failures import decode_failure, encode_failure
from pipeline_lib.errors import (
    CallQuotaError,
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)

AT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "error",
    [
        MarketUnavailableError("away", status=503, retry_after=7.0, hint="wait"),
        CallQuotaError("used up", retry_after=60.0, hint="spread"),
        RequestRefusedError("no", status=401, error_code=10002, hint="a key"),
        UnexpectedAnswerError("odd"),
    ],
)
def test_a_failure_comes_back_as_it_was_and_says_when_it_was(error: MarketError) -> None:
    found = decode_failure(encode_failure(error), AT)
    assert type(found) is type(error)
    assert vars(found) == {**vars(error), "message": f"{error.message}, at 2018-02-05T14:00:00Z"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"kind": "OSError", "message": "", "details": {}}'])
def test_any_other_text_is_no_failure(text: str) -> None:
    assert decode_failure(text, AT) is None


def test_a_failure_whose_details_dont_fit_is_none() -> None:
    text = encode_failure(UnexpectedAnswerError("odd")).replace('"hint"', '"status"')
    assert decode_failure(text, AT) is None
