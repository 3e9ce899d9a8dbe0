"""Notices of DAG files that Airflow can't import, and of invalid specs, which one of them reports."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.ops.alerts import OpsAlerts
from pipeline_lib.ops.notices import (
    OpsNotice,
    import_error_notice,
    invalid_specs_notice,
    mended_specs_notice,
)
from pipeline_lib.ops.problem_record import Subject

# No pipeline has such a name.
_IMPORT_ERRORS = "_import_errors"
_PLACE_IN_FILE = re.compile(r":\d+:\d+: ")
# What a problem of a spec begins with, with its place in the file or without.
_SPEC_FILE = re.compile(r"(?P<path>[^\n]+?\.ya?ml)(?::\d+:\d+)?: ")


def file_failed_to_import(
    operators: OpsAlerts, file_name: str, problems: Sequence[str], *, is_new: bool
) -> None:
    """Notify of what keeps Airflow from importing a DAG file, each problem once, and of specs' recovery.

    Args:
        operators: Whom to notify.
        file_name: The DAG file.
        problems: Everything that is wrong in it now.
        is_new: Whether the file was all right when it was last parsed.

    Raises:
        OpsAlertFailedError: A channel missed it; where all did, the next parse notifies of it.
        StoreBusyError: Another process holds the record for too long.
        DatabaseError: The record can't be read or kept; the next parse tries again.
        OSError: The same.
    """
    record, subject = operators.record, _subject_of(file_name)
    with record.locked(subject):
        if is_new:
            record.close(subject)
        now, known = operators.now(), record.find(subject)
        notified_at = known.notified_at if known else {}
        news = [problem for problem in problems if _identity(problem) not in notified_at]
        left = {key: notified_at.get(key, now) for key in map(_identity, problems)}
        problem = replace(known or OpenProblem(now, now, 1, {}), notified_at=left)
        mended = [name for name in _specs_in(notified_at) if name not in _specs_in(left)]
        notices = [_notice_of(file_name, news)] if news else []
        notices += [mended_specs_notice(mended)] if mended else []
        for notice in notices:
            operators.notify(notice, lambda: record.save(subject, problem))
        if not notices and left.keys() != notified_at.keys():
            record.save(subject, problem)


def file_imports_again(operators: OpsAlerts, file_name: str) -> None:
    """Notify of specs that are mended, when the DAG file that reports invalid ones has none to report.

    Args:
        operators: Whom to notify.
        file_name: The DAG file.

    Raises:
        OpsAlertFailedError: A channel missed it; where all did, the next call notifies of it.
        StoreBusyError: Another process holds the record for too long.
        DatabaseError: The record can't be read or changed.
        OSError: The same.
    """
    record, subject = operators.record, _subject_of(file_name)
    if record.find(subject) is None:
        return
    with record.locked(subject):
        known = record.find(subject)
        mended = _specs_in(known.notified_at) if known else []
        if mended:
            operators.notify(mended_specs_notice(mended), lambda: record.close(subject))
        else:
            record.close(subject)


def _subject_of(file_name: str) -> Subject:
    return Subject(_IMPORT_ERRORS, hashlib.sha256(file_name.encode()).hexdigest()[:16])


def _notice_of(file_name: str, problems: Sequence[str]) -> OpsNotice:
    specs = _specs_in(problems)
    if specs:
        return invalid_specs_notice(specs, problems)
    return import_error_notice(Path(file_name).name, problems)


def _specs_in(problems: Iterable[str]) -> list[str]:
    """The specs that problems are in, by the file that each begins with."""
    found = (_SPEC_FILE.match(problem) for problem in problems)
    return list(dict.fromkeys(Path(match["path"]).stem for match in found if match))


def _identity(problem: str) -> str:
    # An edit elsewhere in a file moves its problems to other lines; they stay the same ones.
    return _PLACE_IN_FILE.sub(": ", problem, count=1)
