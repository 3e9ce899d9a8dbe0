"""The listener of DAG files that Airflow can't import.

The dag processor calls it at each parse that fails, and waits: a notice of a new problem keeps it for as
long as Slack takes. What is raised, Airflow logs; what wasn't delivered is delivered at the next parse.
"""

import os
import re
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from pipeline_lib.ops.alerts import OpsAlerts

# The last line of a traceback, or, for an exception of many lines, the first of those.
_EXCEPTION = re.compile(r"^(?P<name>[A-Za-z_][\w.]*): ", re.MULTILINE)
_INVALID_SPECS = "InvalidSpecsError"


@hookimpl
def on_new_dag_import_error(filename: str, stacktrace: str) -> None:
    """Notify of a file that was all right, or not there, when it was last parsed."""
    _notify(filename, stacktrace, is_new=True)


@hookimpl
def on_existing_dag_import_error(filename: str, stacktrace: str) -> None:
    """Notify of what is new in a file that could not be imported before."""
    _notify(filename, stacktrace, is_new=False)


def problems_of(stacktrace: str) -> tuple[str, ...]:
    """What is wrong: each problem of invalid specs, or any other exception as one."""
    starts = [match for match in _EXCEPTION.finditer(stacktrace) if "." in match["name"] or _is_error(match)]
    if not starts:
        return (stacktrace.strip().rpartition("\n")[2],)
    last = starts[-1]
    for match in starts:
        if match["name"].rpartition(".")[2] == _INVALID_SPECS:
            return tuple(line for line in stacktrace[match.end() :].splitlines() if line)
    return (" ".join(stacktrace[last.start() :].split()),)


def _is_error(match: re.Match[str]) -> bool:
    return match["name"].endswith(("Error", "Exception", "Timeout"))


def notify_of_mended_specs(file_name: str) -> None:
    """Notify of specs that a DAG file reported as invalid and that are mended.

    Raises:
        CoinPipelinesError: A channel missed it, or the record can't be used.
    """
    from pipeline_lib.ops.import_errors import file_imports_again

    file_imports_again(_operators(), file_name)


def _notify(file_name: str, stacktrace: str, *, is_new: bool) -> None:
    from pipeline_lib.ops.import_errors import file_failed_to_import

    file_failed_to_import(_operators(), file_name, problems_of(stacktrace), is_new=is_new)


def _operators() -> "OpsAlerts":
    from pipeline_lib.airflow.context import default_project_folder
    from pipeline_lib.common.retries import RetryPolicy
    from pipeline_lib.ops.alerts import OpsAlerts

    # The dag processor parses nothing meanwhile, and comes back by itself.
    once = RetryPolicy(attempts=1)
    return OpsAlerts.from_environment(os.environ, project_folder=default_project_folder(), retry_policy=once)
