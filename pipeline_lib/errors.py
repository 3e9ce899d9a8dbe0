"""Every exception that coin-pipelines raises.

::

    CoinPipelinesError
    ├── PermanentError                  the same try again can't help; mixed into those marked !
    ├── TemporaryError                  the same try may help, in a while; mixed into those marked ~
    ├── WaitNeededError                 no failure: the task is to be run again at a later time
    ├── WaitedTooLongError !            what a task waits for doesn't come within an hour
    ├── MomentOutOfRangeError !         a run's moment lies outside the years that prices can be of
    ├── SettingsError !                 an environment variable holds something unusable
    ├── SpecError !
    │   ├── SpecNotFoundError           no file for this pipeline
    │   ├── InvalidSpecsError           one or more files are invalid; carries every diagnostic
    │   └── UnknownKeyError             no spec has such a key
    ├── HistoryError !                  git, or the version asked of it, can't be used
    ├── MarketError                     about CoinGecko and its answers
    │   ├── MarketUnavailableError ~    no usable answer: connection, time-out, 408, 429, 5xx
    │   ├── CallQuotaError ~            nobody can say whether a call may be made
    │   ├── RequestRefusedError !       CoinGecko said no: 400, 401, 403, 404, 422, a redirect
    │   ├── HistoryReachError !         the moment lies further back than the plan reaches
    │   ├── HistoryCallsError !         the run has made all the calls for the past that it may
    │   ├── HistoryGapError !           the source has no price near the moment
    │   ├── HistoryNotReadyError ~      the source may still get one: the moment has hardly passed
    │   └── UnusableAnswerError         status 200, and no observation can be made of it; carries it
    │       ├── UnexpectedAnswerError   not what the endpoint promises
    │       ├── UnknownCoinError !      the answer leaves the coin out
    │       ├── InvalidQuoteError       a price that can't be one
    │       ├── MomentMismatchError !   a valid quote, but not of this run's moment
    │       ├── ImplausibleJumpError    too far from the price before, and no later price confirms it
    │       └── RefusedBeforeError      the same answer that an earlier try of the run refused
    ├── NoAnswerError ~                 no whole HTTP answer, from whomever
    ├── MalformedJsonError              text from outside is not JSON
    ├── StoreError                      about files and S3
    │   ├── SnapshotMissingError !      a step needs a snapshot that isn't there
    │   ├── ObservationMissingError !   a step needs an observation that the database doesn't have
    │   ├── SnapshotDamagedError !      an archived file doesn't read as a snapshot
    │   ├── UnreplayedArchiveError !    the archive holds snapshots that no database keeps
    │   ├── NameChangeRefusedError !    a pipeline can't get its new name
    │   ├── SharedPlaceError !          two pipelines have the same file or folder
    │   ├── ManifestDamagedError !      the archive's manifests don't fit together
    │   ├── ManifestConflictError !     a closed manifest is there with other content than the database's
    │   ├── TableDamagedError !         a CSV file doesn't read as its table
    │   ├── ForeignFileError !          a CSV file isn't what was written to it; it is left as it is
    │   ├── AlertStateDamagedError !    a file of sent alerts or of the outbox, to be taken over, doesn't read
    │   ├── StoreBusyError ~            another process holds the lock for too long
    │   ├── S3UnavailableError ~        no usable answer from S3
    │   ├── S3SettingsError !           settings or credentials that S3 can't be reached with
    │   ├── S3RefusedError !            S3 said no: credentials, bucket, permissions
    │   └── S3ConflictError !           the immutable object exists with other bytes
    ├── DatabaseError                   about the database of the pipelines
    │   ├── DatabaseUnavailableError ~  no connection, a lost one, a full or a locked database
    │   ├── DatabaseRefusedError !      the database said no: password, permissions, a missing database
    │   ├── DatabaseUnsafeError !       SQLite where many machines, or no safe file system, would share it
    │   ├── DatabaseDamagedError !      the file is no database, or a damaged one
    │   ├── SchemaVersionError !        the schema is older or newer than this version of the code
    │   ├── ObservationMissingError !   a step needs an observation that isn't recorded
    │   ├── StatisticsMissingError !    a step needs statistics that aren't computed
    │   └── OtherDatabaseError !        another database keeps this archive
    └── AlertError                      about delivering alerts
        ├── SlackUnavailableError ~     no connection, 429, 5xx
        ├── DeliveryUnknownError ~      the message was sent, and no answer came
        ├── SlackRefusedError !         Slack said no: the webhook or the message is wrong
        ├── AppriseFailedError          apprise couldn't deliver to one of its addresses
        └── OpsAlertFailedError         an ops alert missed one or more of its channels

Each exception carries what a reader or a program needs as attributes; ``str()`` makes one line of it:
what happened, to what, and what to do.
"""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from pipeline_lib.model.diagnostic import Diagnostic


class CoinPipelinesError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: What happened, to what.
        hint: What to do about it, or an empty string.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class PermanentError(CoinPipelinesError):
    """Marks errors that another try would only repeat."""


class TemporaryError(CoinPipelinesError):
    """Marks errors of the moment: a service that is away, busy or over its limit.

    Attributes:
        retry_after: Seconds that the other side asked to wait, or None.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class WaitNeededError(CoinPipelinesError):
    """Not a failure: a task has to wait for longer than it may keep its slot, and is to be run again.

    Attributes:
        reason: What it waits for, for people.
        until: When it is to be run again (UTC).
    """

    def __init__(self, reason: str, until: "datetime") -> None:
        super().__init__(f"waits until {until:%Y-%m-%dT%H:%M:%SZ}: {reason}")
        self.reason = reason
        self.until = until


class WaitedTooLongError(PermanentError):
    """What a task waits for doesn't come in time. Another try would only wait as long again.

    Attributes:
        reason: What it waits for, for people.
        since: Since when (UTC).
    """

    def __init__(self, reason: str, since: "datetime", longest: "timedelta") -> None:
        super().__init__(
            f"waits since {since:%Y-%m-%dT%H:%M:%SZ}, and would for more than {longest} altogether: {reason}",
            hint="see what holds it up; the next run doesn't wait for this one, and a backfill fills the gap",
        )
        self.reason = reason
        self.since = since


class MomentOutOfRangeError(PermanentError):
    """A run's moment lies outside the years that prices can be of.

    Attributes:
        moment: The moment, as text (UTC).
    """

    def __init__(self, moment: str) -> None:
        super().__init__(
            f"{moment} lies outside the years 1970 to 2199", hint="start the run for a moment within them"
        )
        self.moment = moment


class SettingsError(PermanentError):
    """An environment variable holds something unusable.

    Attributes:
        variable: The variable's name. Its value is not kept: it may be a secret.

    Args:
        reason: What is wrong with it, to follow the name.
        hint: What to do about it.
    """

    def __init__(self, variable: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{variable} {reason}", hint=hint)
        self.variable = variable


class SpecError(PermanentError):
    """A pipeline spec can't be used."""


class SpecNotFoundError(SpecError):
    """No spec file exists for a pipeline.

    Attributes:
        name: The pipeline asked for.
        path: Where its file was expected.

    Args:
        hint: Which pipelines there are.
    """

    def __init__(self, name: str, path: Path, *, hint: str = "") -> None:
        super().__init__(f"no spec for pipeline {name!r}: {path} doesn't exist", hint=hint)
        self.name = name
        self.path = path


class InvalidSpecsError(SpecError):
    """One or more spec files are invalid.

    Attributes:
        diagnostics: Everything that is wrong, by file, then by position.
    """

    def __init__(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


class UnknownKeyError(SpecError):
    """No spec has such a key.

    Attributes:
        key: The key asked for, dotted from the root.
    """

    def __init__(self, key: str, *, hint: str = "") -> None:
        super().__init__(f"specs have no key {key!r}", hint=hint)
        self.key = key


class HistoryError(PermanentError):
    """Earlier versions of the specs can't be read from git."""


class MarketError(CoinPipelinesError):
    """CoinGecko, or what it answered."""


class MarketUnavailableError(MarketError, TemporaryError):
    """No usable answer from CoinGecko for now.

    Attributes:
        status: The HTTP status, or None when there was no answer.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None, hint: str = ""
    ) -> None:
        TemporaryError.__init__(self, message, retry_after=retry_after, hint=hint)
        self.status = status


class CallQuotaError(MarketError, TemporaryError):
    """The store that counts calls of CoinGecko can't be used."""


class RequestRefusedError(MarketError, PermanentError):
    """CoinGecko refused the request.

    Attributes:
        status: The HTTP status.
        error_code: CoinGecko's own code (10002, 10005 …), or None.
    """

    def __init__(self, message: str, *, status: int, error_code: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.error_code = error_code


class UnusableAnswerError(MarketError):
    """CoinGecko answered with status 200, and no observation can be made of what it says.

    Each kind has a name for files, ``KIND``.

    Attributes:
        answer: What is refused, as it came: the coin's part of the answer, or the whole one where no part
            can be told apart, and no more than ``MOST_BYTES`` of it. None where it isn't known.
        url: The request's address, which holds no key. None where it isn't known.
        requested_at: When the answer was asked for, by the real clock (UTC). None where it isn't known.
        shown_by: The command that prints it, once the quarantine keeps it.
    """

    KIND = "unusable-answer"
    MOST_BYTES = 64 * 1024

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.answer: bytes | None = None
        self.url: str | None = None
        self.requested_at: datetime | None = None
        self.shown_by: str | None = None

    def attach(self, answer: bytes, url: str, requested_at: "datetime | None" = None) -> Self:
        """Carry what is refused; for whoever holds the answer that the error is about.

        Args:
            answer: What is refused; its first ``MOST_BYTES`` are carried.
            url: The request's address, without a key.
            requested_at: When it was asked for (UTC), or None where that isn't known.

        Returns:
            The error itself, to be raised.
        """
        self.answer = answer[: self.MOST_BYTES]
        self.url = url
        self.requested_at = requested_at
        return self

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text}; to see what came: {self.shown_by}" if self.shown_by else text


class UnexpectedAnswerError(UnusableAnswerError):
    """CoinGecko answered with status 200, but not what the endpoint promises."""

    KIND = "unexpected-answer"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "see what came: CoinGecko has changed, or a proxy answers in the place of it",
    ) -> None:
        super().__init__(message, hint=hint)


class UnknownCoinError(UnusableAnswerError, PermanentError):
    """CoinGecko's answer leaves out a coin that was asked for.

    Attributes:
        coin: The CoinGecko id.
    """

    KIND = "unknown-coin"

    def __init__(self, coin: str) -> None:
        super().__init__(
            f"CoinGecko knows no coin with the id {coin!r}",
            hint="take the id that the coin's CoinGecko page shows as 'API ID'",
        )
        self.coin = coin


class InvalidQuoteError(UnusableAnswerError):
    """A quote holds a value that can't be true.

    Attributes:
        coin: The CoinGecko id.
        field: The field of the answer.
        value: What stood there, as text.

    Args:
        reason: Why it can't be true, such as "and a price is greater than zero".
        hint: What to do about it, instead of the usual.
    """

    KIND = "invalid-quote"
    _USUAL_HINT = "compare with the coin's page on CoinGecko"

    def __init__(self, coin: str, field: str, value: str, reason: str, *, hint: str = _USUAL_HINT) -> None:
        super().__init__(f"quote of {coin!r} refused: {field} is {value}, {reason}", hint=hint)
        self.coin = coin
        self.field = field
        self.value = value


class MomentMismatchError(UnusableAnswerError, PermanentError):
    """A quote is not the price of the run's moment.

    Attributes:
        coin: The CoinGecko id.
        moment: The run's moment, as text in UTC.
        last_updated: The quote's own time, as text in UTC.
    """

    KIND = "moment-mismatch"

    def __init__(self, coin: str, moment: str, last_updated: str, *, hint: str = "") -> None:
        super().__init__(
            f"the quote of {coin!r} is of {last_updated}, not of the run's moment {moment}", hint=hint
        )
        self.coin = coin
        self.moment = moment
        self.last_updated = last_updated


class ImplausibleJumpError(UnusableAnswerError):
    """A price lies too far from the one before it, and no later price confirms it.

    Attributes:
        coin: The CoinGecko id.
        percent: The move since the observation before, in percent.
        limit_percent: What ``quality.max_jump`` allows.
    """

    KIND = "implausible-jump"

    def __init__(
        self, coin: str, move: str, *, percent: Decimal, limit_percent: Decimal, confirmation: str
    ) -> None:
        super().__init__(
            f"price of {coin!r} refused: {move}, a move of {percent:+.2f} %, {confirmation}",
            hint="compare with the coin's page on CoinGecko; where such moves are true, raise"
            f" quality.max_jump in the spec (now {limit_percent} %)",
        )
        self.coin = coin
        self.percent = percent
        self.limit_percent = limit_percent


class HistoryReachError(MarketError, PermanentError):
    """A moment lies further back than CoinGecko's history reaches on the plan.

    Attributes:
        moment: The moment asked for, as text in UTC.
        earliest: The first moment that can be had now, as text in UTC.
    """

    def __init__(self, moment: str, earliest: str) -> None:
        super().__init__(
            f"CoinGecko's history reaches back to {earliest}, and {moment} lies before that",
            hint="ask for a later time; when the plan reaches further, set COINGECKO_HISTORY_DAYS",
        )
        self.moment = moment
        self.earliest = earliest


class HistoryCallsError(MarketError, PermanentError):
    """A run needs the past, and has made as many calls for it as one run may.

    Attributes:
        moment: The run's moment, as text in UTC.
        calls: How many calls a run may make.
        command: The command that fills the gap.
    """

    def __init__(self, pipeline: str, moment: str, calls: int) -> None:
        command = f"coin-pipelines backfill {pipeline} --from {moment} --to {moment}"
        super().__init__(
            f"{pipeline} has no price of {moment}: COINGECKO_HISTORY_CALLS_PER_RUN allows a run"
            f" {calls} call{'' if calls == 1 else 's'} for the past",
            hint=f"to fill the gap: {command}",
        )
        self.moment = moment
        self.calls = calls
        self.command = command


class HistoryGapError(MarketError, PermanentError):
    """CoinGecko's history has no price of a moment.

    Attributes:
        coin: The CoinGecko id.
        moment: The moment asked for, as text in UTC.
        last_before: The time of the last price before it, as text in UTC, or None.
    """

    def __init__(self, coin: str, moment: str, last_before: str | None) -> None:
        found = f"the last price before it is of {last_before}" if last_before else "nor any price before it"
        super().__init__(f"CoinGecko's history of {coin!r} has no price of {moment}: {found}")
        self.coin = coin
        self.moment = moment
        self.last_before = last_before


class HistoryNotReadyError(MarketError, TemporaryError):
    """CoinGecko's history has no price of a moment yet, but may get one.

    Attributes:
        coin: The CoinGecko id.
        moment: The moment asked for, as text in UTC.
    """

    def __init__(self, coin: str, moment: str) -> None:
        TemporaryError.__init__(
            self,
            f"CoinGecko's history of {coin!r} has no price of {moment} yet",
            hint="new prices take up to an hour to get there: try later",
        )
        self.coin = coin
        self.moment = moment


class RefusedBeforeError(UnusableAnswerError):
    """The answer at hand is the one that an earlier try of the same run refused.

    Attributes:
        coin: The CoinGecko id.
    """

    KIND = "refused-before"

    def __init__(self, coin: str, shown_by: str) -> None:
        super().__init__(
            f"the quote of {coin!r} is still the one that was refused before",
            hint="try later: CoinGecko is asked anew after COINGECKO_SHARED_ANSWER_SECONDS",
        )
        self.coin = coin
        self.shown_by = shown_by


class NoAnswerError(TemporaryError):
    """No whole HTTP answer: no connection, a broken one, too slow a one, or something else than HTTP.

    Attributes:
        host: Who was asked, with the port.
        reason: What happened; holds no secret.
        was_sent: Whether the request, or some of it, was sent before: the other side may have acted on it.
    """

    def __init__(self, host: str, reason: str, *, was_sent: bool) -> None:
        super().__init__(f"no answer from {host}: {reason}", hint="check the network, or try later")
        self.host = host
        self.reason = reason
        self.was_sent = was_sent


class MalformedJsonError(CoinPipelinesError, ValueError):
    """Text from outside is not JSON; the message begins with a verb."""


class StoreError(CoinPipelinesError):
    """Files or S3."""


class SnapshotMissingError(StoreError, PermanentError):
    """A step needs the snapshot of a run that has none.

    Attributes:
        path: Where it was expected: a file, or the address of an object.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"there is no snapshot {path}", hint="run the fetch step for this moment, or restore the archive"
        )
        self.path = path


class ObservationMissingError(StoreError, PermanentError):
    """A step needs the observation of a run, and the database has none.

    Attributes:
        pipeline: Name of the pipeline.
        moment: The run's moment (UTC).
    """

    def __init__(self, pipeline: str, moment: "datetime") -> None:
        super().__init__(
            f"the database has no observation of {pipeline} at {moment:%Y-%m-%dT%H:%M:%SZ}",
            hint="run the fetch step for this moment; coin-pipelines replay records what the archive holds",
        )
        self.pipeline = pipeline
        self.moment = moment


class SnapshotDamagedError(StoreError, PermanentError):
    """An archived file doesn't read as a snapshot.

    Attributes:
        path: The file, or the address of an object.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(
            f"snapshot {path} is damaged: {reason}",
            hint="restore it from a backup or from S3; move it away to fetch anew",
        )
        self.path = path


class UnreplayedArchiveError(StoreError, PermanentError):
    """An archive holds snapshots that no database keeps, as a version without a database leaves it.

    Attributes:
        pipeline: Name of the pipeline.
        path: The archive's folder.
    """

    def __init__(self, pipeline: str, path: Path) -> None:
        super().__init__(
            f"the archive {path} holds snapshots that no database knows",
            hint=f"take them over first: coin-pipelines replay {pipeline} (or --all)",
        )
        self.pipeline = pipeline
        self.path = path


class NameChangeRefusedError(StoreError, PermanentError):
    """A pipeline can't get its new name.

    Attributes:
        old: The name so far.
        new: The name that it is to have.

    Args:
        reason: Why not.
        hint: What to do about it.
    """

    def __init__(self, old: str, new: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{old} can't become {new}: {reason}", hint=hint)
        self.old = old
        self.new = new


class SharedPlaceError(StoreError, PermanentError):
    """Two pipelines have the same file or folder, so nobody can tell whose it is.

    Attributes:
        pipeline: A pipeline.
        other: Another one.
        path: The file or folder.
    """

    def __init__(self, pipeline: str, other: str, path: Path) -> None:
        super().__init__(
            f"{path} is of {pipeline} and of {other}",
            hint="names that differ in - and _ have the same variables; unset the variable, or change it",
        )
        self.pipeline = pipeline
        self.other = other
        self.path = path


class ManifestDamagedError(StoreError, PermanentError):
    """A manifest of the archive is missing, unreadable, or not the one that the next day was chained to.

    Attributes:
        path: The manifest.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"manifest {path} is damaged: {reason}",
            hint="restore it from a backup; coin-pipelines verify shows what else doesn't fit",
        )
        self.path = path


class ManifestConflictError(StoreError, PermanentError):
    """The file of a closed manifest is there with other content than the database's rows say.

    Attributes:
        path: The manifest.
    """

    def __init__(self, path: Path, pipeline: str) -> None:
        super().__init__(
            f"manifest {path} is not the one that the database's arrivals make",
            hint="an older database may have been restored, or another one writes to this folder;"
            f" coin-pipelines replay {pipeline} rebuilds the database from the archive",
        )
        self.path = path


class TableDamagedError(StoreError, PermanentError):
    """A CSV file doesn't read as its table.

    Attributes:
        path: The file.
        line: Line in the file, from 1.

    Args:
        reason: What is wrong in the line.
        hint: What to do about it.
    """

    def __init__(self, path: Path, line: int, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{path}:{line}: {reason}", hint=hint)
        self.path = path
        self.line = line


class ForeignFileError(StoreError, PermanentError):
    """A CSV file isn't what was written to it, and is left as it is.

    Attributes:
        path: The file.
        line: The first line that is wrong, from 1; None where it can't be told.
        reason: What is wrong.
    """

    def __init__(self, path: Path, line: int | None, reason: str, *, hint: str = "") -> None:
        place = "" if line is None else f", line {line}"
        super().__init__(f"{path}{place}: {reason}; the file is left as it is", hint=hint)
        self.path, self.line, self.reason = path, line, reason


class AlertStateDamagedError(StoreError, PermanentError):
    """A file in which the version before kept what became of alerts can't be read.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged: {reason}",
            hint="restore it from a backup, or move it away: what became of its alerts is then unknown",
        )
        self.path = path


class StoreBusyError(StoreError, TemporaryError):
    """Another process holds a lock for longer than a step may wait.

    Attributes:
        path: The lock's file.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        TemporaryError.__init__(
            self,
            f"{path} is locked by another process for more than {seconds:g} s",
            hint="look for one that is stuck, and end it",
        )
        self.path = path


class S3UnavailableError(StoreError, TemporaryError):
    """No usable answer from S3 for now."""


class S3SettingsError(StoreError, PermanentError):
    """Settings or credentials that no request to S3 can be made with.

    Attributes:
        code: The name that boto3 has for what is wrong (ProfileNotFound, InvalidRegionError …).
    """

    def __init__(self, message: str, *, code: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class S3RefusedError(StoreError, PermanentError):
    """S3 refused the request.

    Attributes:
        code: S3's error code (AccessDenied, NoSuchBucket …).
        reason: S3's own text, short and without secrets, or an empty string.
    """

    def __init__(self, message: str, *, code: str, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.reason = reason


class S3ConflictError(StoreError, PermanentError):
    """An object that must never change exists with other bytes.

    Attributes:
        location: ``s3://bucket/key``.
        expected_sha256: The hash of our bytes.
        found_sha256: The hash of the bytes on S3.
    """

    def __init__(self, location: str, *, expected_sha256: str, found_sha256: str) -> None:
        super().__init__(
            f"{location} exists with other content: sha256 {found_sha256}, not {expected_sha256}",
            hint="two deployments may share this prefix; compare both files before deleting either",
        )
        self.location = location
        self.expected_sha256 = expected_sha256
        self.found_sha256 = found_sha256


class DatabaseError(CoinPipelinesError):
    """The database of the pipelines."""


class DatabaseUnavailableError(DatabaseError, TemporaryError):
    """The database can't be reached, is over its limits, or gave no answer in time."""


class DatabaseRefusedError(DatabaseError, PermanentError):
    """The database refuses: the password, the permissions, or a database that isn't there."""


class DatabaseUnsafeError(DatabaseError, PermanentError):
    """SQLite in a place where it can't keep its promises."""


class DatabaseDamagedError(DatabaseError, PermanentError):
    """The database's file is damaged, or no database."""


class SchemaVersionError(DatabaseError, PermanentError):
    """The database's schema is not the one that this version of the code works with.

    Attributes:
        found: The schema's version; 0 for a database without tables.
        expected: The code's.
    """

    def __init__(self, database: str, found: int, expected: int) -> None:
        """Say which is older.

        Args:
            database: The database's address, without a password.
            found: The schema's version; 0 for a database without tables.
            expected: The version that the code works with.
        """
        if found > expected:
            state, hint = "newer", "upgrade coin-pipelines on this machine"
        else:
            state = "older" if found else "empty"
            hint = "run: coin-pipelines database upgrade (in Docker, airflow-init does)"
        than = (
            f"version {found}, {state} than the {expected} of this coin-pipelines"
            if found
            else "no tables yet"
        )
        super().__init__(f"the database {database} has {than if found else 'no tables yet'}", hint=hint)
        self.found = found
        self.expected = expected


class StatisticsMissingError(DatabaseError, PermanentError):
    """A step needs statistics that aren't computed.

    Attributes:
        pipeline: Name of the pipeline.
        day: The day (UTC) that has none.
    """

    def __init__(self, pipeline: str, day: "date") -> None:
        super().__init__(f"{pipeline} has no statistics of {day}", hint="run the compute step first")
        self.pipeline, self.day = pipeline, day


class OtherDatabaseError(DatabaseError, PermanentError):
    """An archive names another database as the one that keeps it.

    Attributes:
        archive: The archive's folder, or its address.
        keeper: The UUID of the database that keeps it.
        found: The UUID of the one at hand; None for one without tables.
    """

    def __init__(self, archive: Path | str, keeper: str, found: str | None) -> None:
        """Say which database keeps the archive.

        Args:
            archive: The archive's folder, or its address.
            keeper: The UUID of the database that keeps it.
            found: The UUID of the one at hand; None for one without tables.
        """
        super().__init__(
            f"the archive {archive} is kept by the database {keeper}, and this one is {found or 'empty'}",
            hint="set DATABASE_URL to that one, or run the command where it is set"
            " (docker compose exec airflow-scheduler coin-pipelines ...);"
            " coin-pipelines replay --adopt takes the archive over",
        )
        self.archive = archive
        self.keeper = keeper
        self.found = found


class AlertError(CoinPipelinesError):
    """Delivering an alert."""


class SlackUnavailableError(AlertError, TemporaryError):
    """No usable answer from Slack for now."""


class DeliveryUnknownError(AlertError, TemporaryError):
    """A message was sent and no answer came: whether it was delivered is unknown. A later try repeats it."""


class SlackRefusedError(AlertError, PermanentError):
    """Slack refused the message.

    Attributes:
        status: The HTTP status.
        reason: Slack's own word, such as ``invalid_token``.

    Args:
        hint: What to do about it, instead of the usual.
    """

    _USUAL_HINT = "check that SLACK_WEBHOOK_URL, or the connection, holds a webhook that still exists"

    def __init__(self, status: int, reason: str, *, hint: str = "") -> None:
        super().__init__(f"Slack refused the message: {status} {reason}", hint=hint or self._USUAL_HINT)
        self.status = status
        self.reason = reason


class AppriseFailedError(AlertError):
    """apprise, which gives no reason, didn't deliver to one of its addresses.

    Attributes:
        place: The address's place among ``OPS_ALERT_URLS``, from 1; the address itself may hold a secret.
    """

    def __init__(self, place: int) -> None:
        super().__init__(
            f"apprise didn't deliver to address {place} of OPS_ALERT_URLS",
            hint="its reason stands in the log above this line, from the logger apprise",
        )
        self.place = place


class OpsAlertFailedError(AlertError):
    """An ops alert missed one or more of its channels.

    Attributes:
        title: What the alert says.
        failures: What each of the missed channels raised.
        channels: How many channels there are.
    """

    def __init__(self, title: str, failures: tuple[CoinPipelinesError, ...], channels: int) -> None:
        reasons = "; ".join(map(str, failures))
        super().__init__(f"{len(failures)} of {channels} channels missed the ops alert {title!r}: {reasons}")
        self.title = title
        self.failures = failures
        self.channels = channels

    @property
    def reached_nobody(self) -> bool:
        """Whether no channel took it."""
        return len(self.failures) == self.channels
