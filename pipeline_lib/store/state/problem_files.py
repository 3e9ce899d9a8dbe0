"""The record of open problems: one small file each, gone when it works again."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.store.files.durable_files import replace

_log = logging.getLogger(__name__)


def problem_path(data_dir: Path, pipeline: str, subject: str) -> Path:
    """Where the open problem of a subject, such as a task, of a pipeline is kept."""
    return data_dir / "ops_alerts" / pipeline / f"{subject}.json"


def has_problem(path: Path) -> bool:
    """Whether there is an open problem; one look at the disk."""
    return path.exists()


def read_problem(path: Path) -> OpenProblem | None:
    """The open problem, or None.

    A damaged record counts as none: it costs a message too many.

    Raises:
        OSError: The file can't be read.
    """
    try:
        content = json.loads(path.read_bytes())
        return OpenProblem(
            since=_read_moment(content["since"]),
            last=_read_moment(content["last"]),
            runs=int(content["runs"]),
            notified_at={kind: _read_moment(moment) for kind, moment in content["told"].items()},
        )
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.warning("the record %s is damaged and begun anew", path, exc_info=True)
        return None


def write_problem(path: Path, problem: OpenProblem) -> None:
    """Keep the open problem, in the place of what was known of it.

    Raises:
        OSError: The disk is full or read-only.
    """
    content = {
        "since": format_moment(problem.since),
        "last": format_moment(problem.last),
        "runs": problem.runs,
        "told": {kind: format_moment(moment) for kind, moment in problem.notified_at.items()},
    }
    replace(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def close_problem(path: Path) -> None:
    """Forget the problem: it is over.

    Raises:
        OSError: The disk is read-only.
    """
    path.unlink(missing_ok=True)


def _read_moment(text: Any) -> datetime:  # noqa: ANN401 (what JSON holds)
    return parse_moment(text)
