"""Everything that the environment decides, read once, in one typed class."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import SettingsError
from pipeline_lib.model.call_plan import DEMO_PLAN, CallPlan

PUBLIC_BASE_URL = "https://api.coingecko.com/api/v3"
WEBHOOK_VARIABLE = "SLACK_WEBHOOK_URL"
PREFIX_VARIABLE = "WEBHOOK_VARIABLE_PREFIX"
_GROUPING_SECONDS = 5
_LONGEST_GROUPING_SECONDS = 60
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_PLACE_VARIABLES = ("DAG_CONFIGS_DIR", "DATA_DIR", "S3_BUCKET", PREFIX_VARIABLE)
_QUOTA_SCHEMES = ("redis://", "rediss://", "postgresql://")
_SQLITE_SCHEME = "sqlite:///"
_DATABASE_SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://", _SQLITE_SCHEME)
_DATABASE_FILE = "coin_pipelines.db"
_HISTORY_CALLS_PER_RUN = 10
_OPS_WEBHOOK, _ALERT_URLS = "OPS_SLACK_WEBHOOK_URL", "OPS_ALERT_URLS"
_OPS_VARIABLES = (_OPS_WEBHOOK, _ALERT_URLS)
# An AWS access key's id is no secret, and on a store of one's own it may be an ordinary word.
_SECRET_VARIABLES = (
    WEBHOOK_VARIABLE,
    _OPS_WEBHOOK,
    "COINGECKO_API_KEY",
    "COINGECKO_QUOTA_URL",
    "DATABASE_URL",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
_LONGEST_SECRET = 4096
_DEADLINE_VARIABLE = "PIPELINE_DEADLINE_MINUTES"
# Airflow's scheduler adds the deadline to a date, which must not leave the calendar.
_MINUTES = re.compile(r"[1-9][0-9]{0,5}")
_PATH_SUFFIXES = ("_RAW_PATH", "_PROCESSED_PATH", "_ARCHIVE_PATH")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment sets.

    AWS credentials and region are not here: boto3 finds them by its own rules (``AWS_*``, ``~/.aws``, role).

    Attributes:
        dag_configs_dir: Folder of specs (``DAG_CONFIGS_DIR``).
        data_dir: Folder of everything that pipelines write (``DATA_DIR``).
        database_url: The database (``DATABASE_URL``, or the first line of the file that ``DATABASE_URL_FILE``
            names): ``postgresql://…`` or ``sqlite:///…``; without one, SQLite in ``data_dir``.
        paths: ``BITCOIN_RAW_PATH``, ``BITCOIN_PROCESSED_PATH``, ``BITCOIN_ARCHIVE_PATH`` and the same for
            any other pipeline, by variable name.
        coingecko_base_url: Root of the API (``COINGECKO_BASE_URL``), without a slash at its end.
        coingecko_api_key: Demo or paid key (``COINGECKO_API_KEY``), or None for the public plan.
        coingecko_plan: What all schedules together are held against, or None to leave that out.
        history_reach: How far back the plan's history goes (``COINGECKO_HISTORY_DAYS``).
        history_tolerance: How old the price of a past moment may be at that moment
            (``COINGECKO_HISTORY_TOLERANCE_MINUTES``).
        history_calls_per_run: How many calls for the past one run may make, over all its tries
            (``COINGECKO_HISTORY_CALLS_PER_RUN``); 0 for none. None, which no variable sets, is no limit.
        coingecko_shared_answer_age: For how long nobody asks again for what CoinGecko just answered
            (``COINGECKO_SHARED_ANSWER_SECONDS``); its own cache holds an answer 45 to 60 s.
        coingecko_quota_url: Redis or PostgreSQL that counts the calls of several hosts
            (``COINGECKO_QUOTA_URL``), or None to count them in the database where that is PostgreSQL, and
            else in a file of ``data_dir``.
        slack_webhook_url: Where alerts go (``SLACK_WEBHOOK_URL``), or None.
        webhook_prefix: What the names of variables begin with that specs may name as their webhook's
            (``WEBHOOK_VARIABLE_PREFIX``), so that no spec can have any other variable read.
        ops_slack_webhook_url: Where ops alerts go (``OPS_SLACK_WEBHOOK_URL``), or None.
        ops_alert_urls: Other places that they go to, as apprise writes addresses, one or more with spaces or
            line breaks between them (``OPS_ALERT_URLS``).
        pipeline_deadline: When a scheduled run that hasn't ended is late, from its moment on
            (``PIPELINE_DEADLINE_MINUTES``), or None for never.
        s3_bucket: Bucket of specs that name none (``S3_BUCKET``), or None.
        local_files: Whether runs keep raw log and processed table as CSV files (``LOCAL_FILES``, 0 or 1);
            without the variable they do beside SQLite, and not with PostgreSQL.
        alert_grouping_seconds: How long an alert waits for those of other pipelines of the same moment
            (``ALERT_GROUPING_SECONDS``); 0 for not at all.
    """

    dag_configs_dir: Path
    data_dir: Path
    database_url: Secret
    paths: Mapping[str, Path]
    coingecko_base_url: str
    coingecko_api_key: Secret | None
    coingecko_plan: CallPlan | None
    history_reach: timedelta
    history_tolerance: timedelta
    coingecko_shared_answer_age: timedelta
    coingecko_quota_url: Secret | None
    slack_webhook_url: Secret | None
    ops_slack_webhook_url: Secret | None
    ops_alert_urls: tuple[Secret, ...]
    pipeline_deadline: timedelta | None
    s3_bucket: str | None
    alert_grouping_seconds: int = _GROUPING_SECONDS
    local_files: bool = True
    webhook_prefix: str = WEBHOOK_VARIABLE
    history_calls_per_run: int | None = _HISTORY_CALLS_PER_RUN

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, project_folder: Path) -> "Settings":
        """Read the settings; an empty variable counts as unset.

        Args:
            environment: Usually ``os.environ``.
            project_folder: What ``dag_configs`` and ``data`` lie in unless the environment says otherwise.

        Raises:
            SettingsError: A variable holds something unusable.
        """
        values = {key: value.strip() for key, value in environment.items() if value.strip()}
        data_dir = Path(values.get("DATA_DIR", project_folder / "data"))
        database_url = _database_url(values) or Secret(f"sqlite:///{data_dir.absolute() / _DATABASE_FILE}")
        return cls(
            dag_configs_dir=Path(values.get("DAG_CONFIGS_DIR", project_folder / "dag_configs")),
            data_dir=data_dir,
            database_url=database_url,
            paths=MappingProxyType(
                {key: Path(value) for key, value in values.items() if key.endswith(_PATH_SUFFIXES)}
            ),
            coingecko_base_url=_base_url(values.get("COINGECKO_BASE_URL", PUBLIC_BASE_URL)),
            coingecko_api_key=_api_key(values),
            coingecko_plan=CallPlan(
                per_minute=_whole_number(values, "COINGECKO_CALLS_PER_MINUTE", DEMO_PLAN.per_minute),
                per_month=_whole_number(values, "COINGECKO_CALLS_PER_MONTH", DEMO_PLAN.per_month),
            ),
            history_reach=timedelta(days=_whole_number(values, "COINGECKO_HISTORY_DAYS", 365, most=36_500)),
            history_tolerance=timedelta(
                minutes=_whole_number(values, "COINGECKO_HISTORY_TOLERANCE_MINUTES", 75, most=24 * 60)
            ),
            coingecko_shared_answer_age=timedelta(
                seconds=_whole_number(values, "COINGECKO_SHARED_ANSWER_SECONDS", 60, least=0, most=86_400)
            ),
            coingecko_quota_url=_quota_url(values),
            slack_webhook_url=read_webhook(values, WEBHOOK_VARIABLE),
            ops_slack_webhook_url=read_webhook(values, _OPS_WEBHOOK),
            ops_alert_urls=tuple(map(Secret, values.get(_ALERT_URLS, "").split())),
            pipeline_deadline=_deadline(values),
            s3_bucket=values.get("S3_BUCKET"),
            alert_grouping_seconds=_whole_number(
                values, "ALERT_GROUPING_SECONDS", _GROUPING_SECONDS, least=0, most=_LONGEST_GROUPING_SECONDS
            ),
            local_files=_local_files(values, database_url),
            webhook_prefix=values.get(PREFIX_VARIABLE, WEBHOOK_VARIABLE),
            history_calls_per_run=_whole_number(
                values, "COINGECKO_HISTORY_CALLS_PER_RUN", _HISTORY_CALLS_PER_RUN, least=0, most=1000
            ),
        )

    @classmethod
    def for_parsing(cls, environment: Mapping[str, str], *, project_folder: Path) -> "Settings":
        """What the environment says of files, buckets, names of webhooks and the deadline: all a DAG needs.

        A mistake in what only tasks need, such as a key, fails those tasks; it must not hide a DAG, and an
        unusable deadline is none here. Nor are calls counted against a plan: that ends in warnings, which a
        parse shows to nobody.
        """
        places = {
            name: value
            for name, value in environment.items()
            if name in _PLACE_VARIABLES or name.endswith(_PATH_SUFFIXES)
        }
        if _MINUTES.fullmatch(deadline := environment.get(_DEADLINE_VARIABLE, "").strip()):
            places[_DEADLINE_VARIABLE] = deadline
        return replace(cls.from_environment(places, project_folder=project_folder), coingecko_plan=None)

    @classmethod
    def for_ops_alerts(cls, environment: Mapping[str, str], *, project_folder: Path) -> "Settings":
        """What the environment says of ops alerts alone, which must go out when other variables are wrong.

        Raises:
            SettingsError: A variable that ops alerts need holds something unusable.
        """
        names: tuple[str, ...] = ("DATA_DIR", *_OPS_VARIABLES)
        if not any(environment.get(name, "").strip() for name in _OPS_VARIABLES):
            names = (*names, WEBHOOK_VARIABLE)
        values = {name: environment[name] for name in names if name in environment}
        return cls.from_environment(values, project_folder=project_folder)

    @classmethod
    def for_database(cls, environment: Mapping[str, str], *, project_folder: Path) -> "Settings":
        """What the environment says of the database alone.

        Raises:
            SettingsError: A variable that names it holds something unusable.
        """
        names = ("DATA_DIR", "DATABASE_URL", "DATABASE_URL_FILE")
        values = {name: environment[name] for name in names if name in environment}
        return cls.from_environment(values, project_folder=project_folder)


def secrets_of(environment: Mapping[str, str]) -> tuple[Secret, ...]:
    """Everything in the environment's variables that must never be printed, usable or not."""
    prefix = environment.get(PREFIX_VARIABLE, "").strip() or WEBHOOK_VARIABLE
    webhooks = (name for name in environment if name.startswith(prefix))
    texts = (environment.get(name, "").strip() for name in dict.fromkeys((*_SECRET_VARIABLES, *webhooks)))
    urls = environment.get(_ALERT_URLS, "").split()
    try:
        database = _read_secret_file(environment, "DATABASE_URL_FILE")
    except SettingsError:
        # What can't be read can't be printed either; whoever needs it says so.
        database = None
    return tuple(Secret(text) for text in (*texts, *urls, database) if text)


def read_webhook(environment: Mapping[str, str], variable: str) -> Secret | None:
    """The webhook in an environment variable, or None when that is unset or empty.

    Raises:
        SettingsError: The variable holds no https address.
    """
    text = environment.get(variable, "").strip()
    if text and not is_safe_url(text):
        raise SettingsError(variable, "is not an https address")
    return Secret(text) if text else None


def _secret(values: Mapping[str, str], variable: str) -> Secret | None:
    return Secret(values[variable]) if variable in values else None


def _api_key(values: Mapping[str, str]) -> Secret | None:
    key = _secret(values, "COINGECKO_API_KEY")
    # No header can carry such a key, and the HTTP library would say so with the key in its message.
    if key and not re.fullmatch(r"[!-~]+", key.reveal()):
        raise SettingsError("COINGECKO_API_KEY", "holds a space, a line break or a letter that no key has")
    return key


def _whole_number(
    values: Mapping[str, str], variable: str, default: int, *, least: int = 1, most: int = 10**12 - 1
) -> int:
    text = values.get(variable, str(default))
    if not re.fullmatch(r"0|[1-9][0-9]{0,11}", text) or not least <= int(text) <= most:
        raise SettingsError(variable, f"is {text!r}, not a whole number from {least} to {most:,}")
    return int(text)


def _local_files(values: Mapping[str, str], database_url: Secret) -> bool:
    # Beside PostgreSQL tasks may run on many machines, each with a disk of its own.
    text = values.get("LOCAL_FILES", str(int(database_url.reveal().startswith(_SQLITE_SCHEME))))
    if text not in ("0", "1"):
        raise SettingsError("LOCAL_FILES", f"is {text!r}, neither 0 nor 1")
    return text == "1"


def _quota_url(values: Mapping[str, str]) -> Secret | None:
    url = _secret(values, "COINGECKO_QUOTA_URL")
    if url and not url.reveal().startswith(_QUOTA_SCHEMES):
        # The address may hold a password: it isn't repeated.
        raise SettingsError("COINGECKO_QUOTA_URL", f"starts with none of {', '.join(_QUOTA_SCHEMES)}")
    return url


def _database_url(values: Mapping[str, str]) -> Secret | None:
    variable = "DATABASE_URL" if "DATABASE_URL" in values else "DATABASE_URL_FILE"
    text = values.get("DATABASE_URL") or _read_secret_file(values, "DATABASE_URL_FILE")
    if text is None:
        return None
    # The address may hold a password: it isn't repeated.
    if not text.startswith(_DATABASE_SCHEMES):
        raise SettingsError(variable, "starts neither with postgresql:// nor with sqlite:///")
    try:
        urlsplit(text).port  # noqa: B018 (reading it checks it)
    except ValueError:
        raise SettingsError(
            variable, "is no address", hint="write special letters of the password as %xx"
        ) from None
    return Secret(text)


def _read_secret_file(values: Mapping[str, str], variable: str) -> str | None:
    path = values.get(variable, "").strip()
    if not path:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(variable, f"names a file that can't be read: {error}") from error
    if not text:
        raise SettingsError(variable, f"names an empty file, {path}")
    return text


def _deadline(values: Mapping[str, str]) -> timedelta | None:
    text = values.get(_DEADLINE_VARIABLE)
    if text is None:
        return None
    if not _MINUTES.fullmatch(text):
        raise SettingsError(_DEADLINE_VARIABLE, f"is {text!r}, not a whole number of minutes, 1 to 999999")
    return timedelta(minutes=int(text))


def _base_url(text: str) -> str:
    if not is_safe_url(text):
        raise SettingsError(
            "COINGECKO_BASE_URL",
            "is not an https address",
            hint="begin it with https://; plain http is taken for this machine only",
        )
    if "?" in text or "#" in text:
        raise SettingsError("COINGECKO_BASE_URL", "has a query", hint="put the key into COINGECKO_API_KEY")
    return text.rstrip("/")


def is_safe_url(text: str) -> bool:
    """Whether a secret may travel to this address: over https, or to this machine."""
    # A key or a webhook in clear text on a network is a leaked one.
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or port == 0 or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS)
