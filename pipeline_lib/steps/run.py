"""What every step is called with: the run, and the access to the world.

A step imports no more of the world than it reaches, so each part comes in when it is opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import FIRST_OF_A_RUN, LAST_OF_A_RUN, format_moment
from pipeline_lib.common.waiting import LONGEST_WAIT, Wait, sleep
from pipeline_lib.database.engine.address import server_address
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import MomentOutOfRangeError
from pipeline_lib.model.outcome import Outcome
from pipeline_lib.settings import Settings, read_webhook
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.checks.webhook_variables import require_own_variable
from pipeline_lib.specs.layout import quota_file

if TYPE_CHECKING:
    from pipeline_lib.alerts.delivery.slack import SlackWebhook
    from pipeline_lib.market import CoinGecko
    from pipeline_lib.publishing.s3.objects import S3Account


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a pipeline.

    Attributes:
        moment: Its moment (UTC, to the second), the key of all that it writes.
        url: Its page in the Airflow UI, or None outside Airflow.
        log_url: The log of the task that runs, or None outside Airflow.
        is_backfill: Whether it fills in the past, which alerts nobody unless the spec says so.
        history_since: From when on (UTC) an answer of history is as good as a new one: when the backfill
            began. None for a minute ago.
        confirms: The moment (UTC) of the run whose price is confirmed by that of this one's moment, or None.
    """

    moment: datetime
    url: str | None = None
    is_backfill: bool = False
    log_url: str | None = None
    history_since: datetime | None = None
    confirms: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a moment so near to the ends of the calendar that nobody can reckon with it.

        Raises:
            MomentOutOfRangeError: It is one.
        """
        if not FIRST_OF_A_RUN <= self.moment <= LAST_OF_A_RUN:
            raise MomentOutOfRangeError(format_moment(self.moment))


@dataclass(frozen=True, slots=True)
class Services:
    """What steps reach the world with.

    Attributes:
        settings: What the environment sets.
        database: Where everything that is known is kept; whoever runs a step closes it.
        find_slack_webhook: Finds where alerts go, or None; called when there is one to send.
        open_s3_account: Finds who uploads; called by the steps that do.
        now: The real clock, for the record of when something was asked or sent.
        wait: How to wait for one's turn and for other processes.
    """

    settings: Settings
    database: PreparedDatabase
    find_slack_webhook: Callable[[], Secret | None]
    open_s3_account: "Callable[[], S3Account]"
    now: Callable[[], datetime]
    wait: Wait = sleep

    @classmethod
    def from_settings(cls, settings: Settings, wait: Wait = sleep) -> "Services":
        """Services by what the environment sets alone."""
        return cls(
            settings=settings,
            database=PreparedDatabase(settings.database_url),
            find_slack_webhook=lambda: settings.slack_webhook_url,
            open_s3_account=_open_s3_account,
            now=lambda: datetime.now(UTC),
            wait=wait,
        )

    def open_market(self) -> "CoinGecko":
        """CoinGecko, within the calls that its plan allows to all processes together."""
        from pipeline_lib.market import CallQuota, CoinGecko, Transport
        from pipeline_lib.market.quota.stores import choose_store

        settings = self.settings
        quota = None
        if settings.coingecko_plan:
            server = settings.coingecko_quota_url or server_address(settings.database_url)
            store = choose_store(server, quota_file(settings))
            quota = CallQuota(settings.coingecko_plan.per_minute, store, wait=self.wait)
        transport = Transport(settings.coingecko_base_url, settings.coingecko_api_key, quota)
        return CoinGecko(transport, self.now, self._retry_policy)

    def open_slack(self, webhook: Secret) -> "SlackWebhook":
        """How Slack is reached."""
        from pipeline_lib.alerts.delivery.slack import SlackWebhook

        return SlackWebhook(webhook, self._retry_policy)

    def for_pipeline(self, spec: PipelineSpec, environment: Mapping[str, str]) -> "Services":
        """The services of one pipeline, which may name a variable of ``environment`` as its own webhook.

        Finding that webhook raises ``SettingsError`` where the spec may not name that one.
        """
        variable = spec.alerts.webhook_variable
        if variable is None:
            return self

        def find_own_webhook() -> Secret | None:
            # A spec may come here without the checks of the whole project.
            require_own_variable(variable, self.settings.webhook_prefix)
            return read_webhook(environment, variable)

        return replace(self, find_slack_webhook=find_own_webhook)

    @property
    def _retry_policy(self) -> RetryPolicy:
        return RetryPolicy(longest_wait=LONGEST_WAIT.total_seconds(), wait=self.wait)


def _open_s3_account() -> "S3Account":
    from pipeline_lib.publishing.s3.objects import S3Account

    return S3Account.from_environment()


Step: TypeAlias = Callable[[PipelineSpec, Run, Services], Outcome]
