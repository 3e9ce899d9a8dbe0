import pytest

from pipeline_lib.cli.waiting import SpokenWait


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr("pipeline_lib.cli.waiting.sleep", seconds.append)
    return seconds


def test_a_long_wait_is_announced_each_time(slept: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    wait = SpokenWait()
    for seconds in (30, 5, 61.4):
        wait(seconds, "its turn")
    assert slept == [30, 5, 61.4]
    assert capsys.readouterr().err.splitlines() == ["waiting 30 s: its turn", "waiting 61 s: its turn"]


def test_many_short_waits_for_one_thing_are_announced_once(
    slept: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    wait = SpokenWait()
    for reason in ("another process", "its turn"):
        for _ in range(30):
            wait(0.5, reason)
    assert len(slept) == 60
    assert capsys.readouterr().err.splitlines() == ["waiting: another process", "waiting: its turn"]
