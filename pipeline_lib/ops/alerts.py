"""Alerts to the people who run the pipelines: about what, how often, and through which channels.

Here the record of open problems, the decision what is news and the channels meet. Airflow's notifiers, its
tasks and its dag processor call the same functions.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.common.redacted_logs import CLIENT_LOGGERS, redacted_logs
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret, redacted
from pipeline_lib.errors import OpsAlertFailedError, StoreError
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.ops.advice import kind_of
from pipeline_lib.ops.channels import AppriseChannel, Channel, SlackChannel, deliver_to_all
from pipeline_lib.ops.notices import (
    OpsNotice,
    TaskFailure,
    TaskRun,
    failure_notice,
    import_error_notice,
    late_notice,
    recovery_notice,
    warning_notice,
)
from pipeline_lib.ops.problems import Notification, add_failure, add_notification, decide, is_over
from pipeline_lib.settings import Settings, secrets_of
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.state.problem_files import (
    close_problem,
    has_problem,
    problem_path,
    read_problem,
    write_problem,
)

_log = logging.getLogger(__name__)

_PATIENT = RetryPolicy()
_LATE = "late"
# No pipeline has such a name.
_IMPORT_ERRORS = "_import_errors"
_PLACE_IN_FILE = re.compile(r":\d+:\d+: ")


@dataclass(frozen=True, slots=True)
class OpsAlerts:
    """What notifies operators.

    Attributes:
        data_dir: Folder of everything that pipelines write; the record lies there.
        channels: Where notices go; without any, the log says that nobody is notified.
        secrets: What no notice may hold.
        now: The real clock, by which people are reminded.
    """

    data_dir: Path
    channels: Sequence[Channel]
    secrets: tuple[Secret, ...]
    now: Callable[[], datetime]

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, project_folder: Path, retry_policy: RetryPolicy = _PATIENT
    ) -> "OpsAlerts":
        """The channels that the environment names.

        Where it names none for ops alerts, they go where price alerts go: a failure among prices is better
        than a failure that nobody sees.

        Args:
            environment: Usually ``os.environ``.
            project_folder: What ``data`` lies in unless the environment says otherwise.
            retry_policy: How patiently Slack is tried.

        Raises:
            SettingsError: A variable that ops alerts need holds something unusable.
        """
        settings = Settings.for_ops_alerts(environment, project_folder=project_folder)
        webhook = settings.ops_slack_webhook_url or settings.slack_webhook_url
        slack = [SlackChannel(SlackWebhook(webhook, retry_policy))] if webhook else []
        others = [AppriseChannel(url, place) for place, url in enumerate(settings.ops_alert_urls, 1)]
        return cls(settings.data_dir, [*slack, *others], secrets_of(environment), lambda: datetime.now(UTC))

    def task_failed(self, failure: TaskFailure) -> None:
        """Notify of a task that failed for good, unless operators know the same problem.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next failure counts as new.
            OSError: It was delivered, but the record of that can't be kept.
        """
        run, kind = failure.run, kind_of(failure.error)
        path = problem_path(self.data_dir, run.pipeline, run.task)
        with _locked_if_possible(path):
            problem = _read_if_possible(path)
            notification = decide(problem, kind, self.now())
            problem = add_failure(problem, run.moment)
            if notification is Notification.NOTHING:
                _log.info("operators know of %s: notified at %s", kind, problem.notified_at[kind])
                write_problem(path, problem)
                return
            notified = add_notification(problem, kind, self.now())
            notice = failure_notice(failure, problem, notification)
            self._notify(notice, lambda: write_problem(path, notified))

    def task_succeeded(self, run: TaskRun) -> None:
        """Notify of a task that works again after a failure; one look at the disk when it hadn't failed.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next success notifies of it.
            StoreError: Another process holds the record for too long.
            OSError: The record can't be read or removed.
        """
        path = problem_path(self.data_dir, run.pipeline, run.task)
        if not has_problem(path):
            return
        with exclusive(path):
            problem = read_problem(path)
            if problem is None or not is_over(problem, run.moment):
                return
            self._notify(recovery_notice(run, problem), lambda: close_problem(path))

    def step_warned(self, run: TaskRun, warnings: Sequence[str]) -> None:
        """Notify of a step's new warnings; a run without warnings makes all of them new again.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next run notifies of it.
            StoreError: Another process holds the record for too long.
            OSError: The record can't be read or kept.
        """
        path = problem_path(self.data_dir, run.pipeline, f"{run.task}_warnings")
        if not warnings and not has_problem(path):
            return
        with exclusive(path):
            if not warnings:
                close_problem(path)
                return
            now, known = self.now(), read_problem(path)
            news = [
                warning for warning in warnings if decide(known, warning, now) is not Notification.NOTHING
            ]
            if not news:
                return
            problem = add_failure(known, run.moment)
            for warning in news:
                problem = add_notification(problem, warning, now)
            self._notify(warning_notice(run, news), lambda: write_problem(path, problem))

    def run_is_late(self, run: TaskRun, needed_by: datetime) -> None:
        """Notify of a run that missed its deadline, at most once a day for a pipeline.

        Raises:
            OpsAlertFailedError: A channel missed it.
            OSError: It was delivered, but the record of that can't be kept.
        """
        path = problem_path(self.data_dir, run.pipeline, _LATE)
        with _locked_if_possible(path):
            known = _read_if_possible(path)
            if decide(known, _LATE, self.now()) is Notification.NOTHING:
                return
            problem = add_notification(add_failure(known, run.moment), _LATE, self.now())
            self._notify(late_notice(run, needed_by), lambda: write_problem(path, problem))

    def file_failed_to_import(self, file_name: str, problems: Sequence[str], *, is_new: bool) -> None:
        """Notify of what keeps Airflow from importing a DAG file, each problem once while it lasts.

        Args:
            file_name: The DAG file.
            problems: Everything that is wrong in it now.
            is_new: Whether the file was all right when it was last parsed.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next parse notifies of it.
            OSError: The record can't be read or kept.
        """
        name = hashlib.sha256(file_name.encode()).hexdigest()[:16]
        path = problem_path(self.data_dir, _IMPORT_ERRORS, name)
        with exclusive(path):
            if is_new:
                close_problem(path)
            now, known = self.now(), read_problem(path)
            notified_at = known.notified_at if known else {}
            news = [problem for problem in problems if _identity(problem) not in notified_at]
            left = {key: notified_at.get(key, now) for key in map(_identity, problems)}
            problem = replace(known or OpenProblem(now, now, 1, {}), notified_at=left)
            if news:
                notice = import_error_notice(Path(file_name).name, news)
                self._notify(notice, lambda: write_problem(path, problem))
            elif left.keys() != notified_at.keys():
                write_problem(path, problem)

    def _notify(self, notice: OpsNotice, record: Callable[[], None]) -> None:
        if not self.channels:
            _log.warning(
                "%s: no operator is notified, since none of OPS_SLACK_WEBHOOK_URL, OPS_ALERT_URLS and"
                " SLACK_WEBHOOK_URL is set",
                notice.title,
            )
            return
        try:
            with redacted_logs(CLIENT_LOGGERS, self.secrets):
                deliver_to_all(self.channels, _redacted(notice, self.secrets))
        except OpsAlertFailedError as error:
            if not error.reached_nobody:
                record()
            raise
        record()


def _identity(problem: str) -> str:
    # An edit elsewhere in a file moves its problems to other lines; they stay the same ones.
    return _PLACE_IN_FILE.sub(": ", problem, count=1)


def _redacted(notice: OpsNotice, secrets: tuple[Secret, ...]) -> OpsNotice:
    """The notice without secrets, should an exception of some library's hold one."""
    facts = ((redacted(label, secrets), redacted(text, secrets)) for label, text in notice.facts)
    return replace(
        notice,
        title=redacted(notice.title, secrets),
        facts=tuple(facts),
        to_do=redacted(notice.to_do, secrets),
    )


@contextmanager
def _locked_if_possible(path: Path) -> Iterator[None]:
    """The record's lock; without it when the disk can't give it, since a full disk must be reported too."""
    with ExitStack() as lock:
        try:
            lock.enter_context(exclusive(path))
        except (OSError, StoreError) as error:
            _log.error("the record %s can't be locked; operators may be notified twice: %s", path, error)
        yield


def _read_if_possible(path: Path) -> OpenProblem | None:
    try:
        return read_problem(path)
    except OSError as error:
        _log.error("the record %s can't be read; operators may be notified twice: %s", path, error)
        return None
