"""Alerts to the people who run the pipelines: about what, how often, and through which channels.

Here the record of open problems, the decision what is news and the channels meet. Airflow's notifiers, its
tasks and its dag processor call the same functions.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.redacted_logs import CLIENT_LOGGERS, redacted_logs
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret, redacted
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import (
    DatabaseError,
    DatabaseUnavailableError,
    OpsAlertFailedError,
    SettingsError,
    StoreBusyError,
)
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.ops.advice import kind_of
from pipeline_lib.ops.channels import AppriseChannel, Channel, SlackChannel, deliver_to_all
from pipeline_lib.ops.notices import (
    OpsNotice,
    TaskFailure,
    TaskRun,
    failure_notice,
    late_notice,
    recovery_notice,
    unreported_notice,
    warning_notice,
)
from pipeline_lib.ops.problem_record import LATE, ProblemRecord, Subject
from pipeline_lib.ops.problems import Notification, add_failure, add_notification, decide, is_over, is_recent
from pipeline_lib.ops.unreported import Unreported, UnreportedNotices
from pipeline_lib.settings import Settings, secrets_of

_log = logging.getLogger(__name__)

_PATIENT = RetryPolicy()
_WITHOUT_WARNINGS = Done("done")
_UNUSABLE = (DatabaseError, StoreBusyError, SettingsError, OSError)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpsAlerts:
    """What notifies operators.

    Attributes:
        record: The open problems, in the database.
        unreported: What was not reported while the database couldn't be reached.
        channels: Where notices go; without any, the log says that nobody is notified.
        secrets: What no notice may hold.
        now: The real clock, by which people are reminded.
    """

    record: ProblemRecord
    unreported: UnreportedNotices
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

        @cache
        def find_database() -> PreparedDatabase:
            database = Settings.for_database(environment, project_folder=project_folder)
            return PreparedDatabase(database.database_url)

        webhook = settings.ops_slack_webhook_url or settings.slack_webhook_url
        slack = [SlackChannel(SlackWebhook(webhook, retry_policy))] if webhook else []
        others = [AppriseChannel(url, place) for place, url in enumerate(settings.ops_alert_urls, 1)]
        return cls(
            record=ProblemRecord(find_database),
            unreported=UnreportedNotices.below(settings.data_dir),
            channels=[*slack, *others],
            secrets=secrets_of(environment),
            now=lambda: datetime.now(UTC),
        )

    def task_failed(self, failure: TaskFailure) -> None:
        """Notify of a task that failed for good, unless operators know the same problem.

        While the database can't be reached nobody knows what they know: the failure is logged, and reported
        once the database is back.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next failure counts as new.
            DatabaseError: It was delivered, but the record of that can't be kept.
            OSError: The same.
        """
        run, kind = failure.run, kind_of(failure.error)
        subject = Subject(run.pipeline, run.task)
        with ExitStack() as lock:
            try:
                lock.enter_context(self.record.locked(subject))
                known = self.record.find(subject)
            except DatabaseUnavailableError as error:
                _log.error("%s of %s %s will be reported later: %s", kind, run.pipeline, run.task, error)
                title = f"{run.pipeline} · {run.task} failed: {kind}"
                self.unreported.add(Unreported(title, run.moment, self.now()))
                return
            except _UNUSABLE as error:
                # A full disk must be reported, too, and a database that refuses.
                _log.error("the open problem can't be read; operators may be notified twice: %s", error)
                known = None
            notification = decide(known, kind, self.now())
            problem = add_failure(known, run.moment)
            if notification is Notification.NOTHING:
                _log.info("operators know of %s: notified at %s", kind, problem.notified_at[kind])
                self.record.save(subject, problem)
            else:
                notified = add_notification(problem, kind, self.now())
                notice = failure_notice(failure, problem, notification)
                self.notify(notice, lambda: self.record.save(subject, notified))
        self._report_unreported()

    def task_succeeded(self, run: TaskRun, outcome: Outcome = _WITHOUT_WARNINGS) -> None:
        """Notify of a task that works again after a failure, and of its new warnings.

        A run without warnings makes all of them new again; two that differ in nothing but times are the same
        warning, of which each run names its own. When nothing is wrong and nothing was, this is one
        look at the database.

        Args:
            run: The task's run.
            outcome: What it did, and what it warns of.

        Raises:
            OpsAlertFailedError: A channel missed it; where all did, the next run notifies of it.
            StoreBusyError: Another process holds the record for too long.
            DatabaseError: The record can't be read or changed.
            OSError: The same.
        """
        task, warned = Subject(run.pipeline, run.task), Subject(run.pipeline, f"{run.task}_warnings")
        known = self.record.find_all(run.pipeline, [task.name, warned.name])
        self._report_unreported()
        if task.name in known:
            self._notify_of_recovery(task, run)
        if outcome.warnings:
            self._notify_of_warnings(warned, run, outcome)
        elif warned.name in known:
            with self.record.locked(warned):
                self.record.close(warned)

    def _notify_of_recovery(self, subject: Subject, run: TaskRun) -> None:
        with self.record.locked(subject):
            problem = self.record.find(subject)
            if problem is None or not is_over(problem, run.moment):
                return
            self.notify(recovery_notice(run, problem), lambda: self.record.close(subject))

    def _notify_of_warnings(self, subject: Subject, run: TaskRun, outcome: Outcome) -> None:
        with self.record.locked(subject):
            now, known = self.now(), self.record.find(subject)
            news = [
                warning
                for warning in outcome.warnings
                if decide(known, _kind_of_warning(warning), now) is not Notification.NOTHING
            ]
            if not news:
                return
            problem = add_failure(known, run.moment)
            for warning in news:
                problem = add_notification(problem, _kind_of_warning(warning), now)
            self.notify(warning_notice(run, outcome, news), lambda: self.record.save(subject, problem))

    def run_is_late(self, run: TaskRun, needed_by: datetime) -> None:
        """Notify of a run that missed its deadline, at most once a day for a pipeline.

        It is sent while the database can't be used, too: that may be why the run is late.

        Raises:
            OpsAlertFailedError: A channel missed it.
            DatabaseError: It was delivered, but the record of that can't be kept.
            OSError: The same.
        """
        subject, notice = Subject(run.pipeline, LATE), late_notice(run, needed_by)
        with ExitStack() as lock:
            try:
                lock.enter_context(self.record.locked(subject))
                known = self.record.find(subject)
            except _UNUSABLE as error:
                _log.error("the late run of %s is reported without a record: %s", run.pipeline, error)
                self._notify_without_record(
                    notice, Unreported(f"{run.pipeline} · late", run.moment, self.now())
                )
                return
            if decide(known, LATE, self.now()) is Notification.NOTHING:
                return
            problem = add_notification(add_failure(known, run.moment), LATE, self.now())
            self.notify(notice, lambda: self.record.save(subject, problem))

    def _notify_without_record(self, notice: OpsNotice, unreported: Unreported) -> None:
        """Notify, unless this machine has done so within a day."""
        if any(
            each.is_sent and each.title == unreported.title and is_recent(each.noted_at, self.now())
            for each in self.unreported.read()
        ):
            return
        self.notify(notice, lambda: self.unreported.add(replace(unreported, is_sent=True)))

    def _report_unreported(self) -> None:
        """Notify of what wasn't reported while the database couldn't be reached, now that it can."""
        taken = self.unreported.take()
        waiting = [each for each in taken if not each.is_sent]
        if not waiting:
            return
        try:
            self.notify(unreported_notice(waiting), lambda: None)
        except OpsAlertFailedError as error:
            if error.reached_nobody:
                for each in waiting:
                    self.unreported.add(each)
            raise

    def notify(self, notice: OpsNotice, record: Callable[[], None]) -> None:
        """Deliver a notice to all channels.

        Args:
            notice: What operators read.
            record: Keeps that they were notified; called when at least one channel took it.

        Raises:
            OpsAlertFailedError: A channel missed it.
        """
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


def _kind_of_warning(warning: str) -> str:
    """What makes a warning the same one at another run: its first line, but for the times in it."""
    return _TIME.sub("…", warning.partition("\n")[0])


def _redacted(notice: OpsNotice, secrets: tuple[Secret, ...]) -> OpsNotice:
    """The notice without secrets, should an exception of some library's hold one."""
    facts = ((redacted(label, secrets), redacted(text, secrets)) for label, text in notice.facts)
    return replace(
        notice,
        title=redacted(notice.title, secrets),
        facts=tuple(facts),
        to_do=redacted(notice.to_do, secrets),
    )
