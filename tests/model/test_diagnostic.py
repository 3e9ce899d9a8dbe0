from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.model.diagnostic import Diagnostic, Severity

FILE = Path("spec.yaml")


@pytest.mark.parametrize(
    ("path", "hint", "text"),
    [
        (("thresholds", "1h"), "use 3", "spec.yaml:2:5: thresholds.1h: is wrong (use 3)"),
        (("windows", 1), "", "spec.yaml:2:5: windows.1: is wrong"),
        ((), "use 3", "spec.yaml:2:5: is wrong (use 3)"),
    ],
)
def test_the_text_has_place_key_message_and_hint(path: tuple[str | int, ...], hint: str, text: str) -> None:
    assert str(Diagnostic(path, "is wrong", hint, FILE, 2, 5)) == text


def test_a_warning_says_so() -> None:
    warning = Diagnostic((), "too much", "do less", FILE, severity=Severity.WARNING)
    assert str(warning) == "spec.yaml:1:1: warning: too much (do less)"


def test_one_without_a_place_is_given_one() -> None:
    unplaced = Diagnostic(("coin",), "is wrong")
    assert str(unplaced) == "coin: is wrong"
    assert str(replace(unplaced, file=FILE, line=3)) == "spec.yaml:3:1: coin: is wrong"
