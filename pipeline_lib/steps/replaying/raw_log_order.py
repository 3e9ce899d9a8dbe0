"""The order of arrival that a raw log shows."""

from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import parse_moment


def read_row_keys(path: Path) -> list[tuple[datetime, str]]:
    """Moment and coin of the rows of a raw log, in their order; lines that are no rows are left out.

    Raises:
        OSError: The file can't be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    keys = []
    for line in content.decode(errors="replace").splitlines():
        moment, _, rest = line.partition(",")
        try:
            keys.append((parse_moment(moment), rest.partition(",")[0]))
        except ValueError:
            continue
    return keys
