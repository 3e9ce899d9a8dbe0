from collections.abc import Callable
from pathlib import Path

import pytest

MINIMAL = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'


@pytest.fixture
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
