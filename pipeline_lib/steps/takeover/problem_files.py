"""Open problems as files of the version before: ``data/ops_alerts/<pipeline>/<subject>.json``."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.database.alerting import problems
from pipeline_lib.model.open_problem import OpenProblem

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log = logging.getLogger(__name__)


def take_over_problems(connection: "Connection", data_dir: Path) -> int:
    """Read the open problems of all pipelines; one that the database knows already stays as it is there.

    A damaged file is left out, with a warning: it costs a notice too many.

    Args:
        connection: A transaction that writes.
        data_dir: The folder of everything that pipelines wrote.

    Returns:
        How many were read.

    Raises:
        OSError: A file can't be read.
    """
    count = 0
    for path in sorted((data_dir / "ops_alerts").glob("*/*.json")):
        pipeline, subject, problem = path.parent.name, path.stem, _read(path)
        if problem is not None and not problems.find(connection, pipeline, [subject]):
            problems.save(connection, pipeline, subject, problem)
            count += 1
    return count


def _read(path: Path) -> OpenProblem | None:
    try:
        content = json.loads(path.read_bytes())
        return OpenProblem(
            since=parse_moment(content["since"]),
            last=parse_moment(content["last"]),
            runs=int(content["runs"]),
            notified_at={kind: parse_moment(moment) for kind, moment in content["told"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.warning("the record %s is damaged and left out", path, exc_info=True)
        return None
