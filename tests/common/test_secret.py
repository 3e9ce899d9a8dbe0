import logging
import traceback
from dataclasses import FrozenInstanceError

import pytest

from pipeline_lib.common.secret import Secret, redacted

TEXT = "CG-made-up"
SECRET = Secret(TEXT)


def test_a_secret_is_revealed_on_demand() -> None:
    assert SECRET.reveal() == TEXT


@pytest.mark.parametrize("template", ["{}", "{!s}", "{!r}", "{!a}", "{0:}"])
@pytest.mark.parametrize(
    "holder", [SECRET, [SECRET], {"key": SECRET}, (SECRET,), ValueError(SECRET)], ids=type
)
def test_no_way_of_printing_shows_it(template: str, holder: object) -> None:
    assert TEXT not in template.format(holder)


def test_neither_logs_nor_tracebacks_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("key %s", SECRET)
    assert caplog.messages == ["key ***"]
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        assert TEXT not in traceback.format_exc()


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret(TEXT) == SECRET
    assert Secret("other") != SECRET
    assert hash(Secret(TEXT)) == hash(SECRET)


def test_a_secret_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        SECRET._value = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("CG-made-up", set()),
        (
            "https://hooks.slack.com/services/T00/B00/made-up-token",
            {"/services/T00/B00/made-up-token", "made-up-token"},
        ),
        ("mailto://someone:pass@mail.example", {"someone:pass", "pass"}),
        ("mailto://someone:p%40ss@mail.example", {"someone:p%40ss", "p%40ss", "p@ss"}),
        ("tgram://123456:made-up-token/42", {"123456:made-up-token"}),
        ("json://mail.example?+X-Key=made-up-key", {"mail.example", "made-up-key"}),
        ("https://[not-an-address/made-up-token", set()),
    ],
)
def test_an_address_is_secret_in_the_parts_that_libraries_print(address: str, parts: set[str]) -> None:
    assert set(Secret(address).parts()) == {address, *parts}


def test_text_is_redacted_with_the_longest_part_first() -> None:
    secrets = [Secret("https://hooks.slack.com/services/T00/B00/made-up-token"), Secret("made-up")]
    text = "POST /services/T00/B00/made-up-token, made-up-token, made-up and nothing else"
    assert redacted(text, secrets) == "POST ***, ***, *** and nothing else"
    assert redacted(text, []) == text
    assert redacted("a word", [Secret("a")]) == "a word"
