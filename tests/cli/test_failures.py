import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.cli.failures import failure_text
from pipeline_lib.errors import CoinPipelinesError

Command = Callable[..., Result]

RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CoinPipelinesError("what", hint="do this"), "what (do this)"),
        (OSError(errno.EIO, "broken"), "[Errno 5] broken"),
        (OSError(errno.EROFS, "read-only"), "[Errno 30] read-only (let Airflow's user write to DATA_DIR)"),
    ],
)
def test_a_failure_says_what_to_do_where_that_is_known(
    error: CoinPipelinesError | OSError, text: str
) -> None:
    assert failure_text(error) == text


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("arguments", [("replay", "bitcoin"), ("export", "bitcoin"), RUN])
def test_a_command_says_what_to_do_about_a_full_disk(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    command(*RUN)
    for path in (project / "data").glob("*.csv"):
        path.unlink()

    def write(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        result = command(*arguments)
    assert result.exit_code == 1
    assert "No space left on device (make room on the disk that holds DATA_DIR)\n" in result.stderr
    assert list((project / "data").glob("*.csv")) == []
    assert command(*arguments).exit_code == 0
