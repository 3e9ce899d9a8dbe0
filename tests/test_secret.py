import logging
import traceback
from dataclasses import FrozenInstanceError

import pytest

from pipeline_lib.secret import Secret

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
