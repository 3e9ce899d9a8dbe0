import io
from contextlib import redirect_stderr

import pytest

from pipeline_lib.cli.progress import shown_progress

MODULE = shown_progress.__module__


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits, which pass at once."""
    waits: list[float] = []
    monkeypatch.setattr("pipeline_lib.cli.waiting.sleep", waits.append)
    return waits


def test_on_a_terminal_a_bar_moves() -> None:
    terminal = _Terminal()
    with redirect_stderr(terminal), shown_progress("bitcoin", "moments filled in") as shown:
        shown.show(3, 10)
        shown.show(10, 10)
    first, last = terminal.getvalue().index("3/10"), terminal.getvalue().rindex("10/10")
    assert first < last


def test_on_a_terminal_a_wait_has_a_line_of_its_own(waited: list[float]) -> None:
    terminal = _Terminal()
    with redirect_stderr(terminal), shown_progress("bitcoin", "moments filled in") as shown:
        shown.show(3, 10)
        shown.wait(61.4, "used up")
    assert "\nwaiting 61 s: used up\n" in terminal.getvalue()
    assert waited == [61.4]


def test_elsewhere_a_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], waited: list[float]
) -> None:
    times = iter([0.0, 1.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(f"{MODULE}.monotonic", lambda: next(times))
    with shown_progress("bitcoin", "moments filled in") as shown:
        for done in (1, 2, 3):
            shown.show(done, 10)
        shown.wait(119, "CoinGecko answered 429")
    assert capsys.readouterr().err.splitlines() == [
        "bitcoin: 2 of 10 moments filled in",
        "bitcoin: waiting 119 s: CoinGecko answered 429",
    ]
    assert waited == [119]
