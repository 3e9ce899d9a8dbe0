"""A channel: the pipelines that share a Slack webhook."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.alerts.messages.composing import LATE_FROM
from pipeline_lib.common.waiting import Wait
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.settings import WEBHOOK_VARIABLE, Settings
from pipeline_lib.specs import Catalog, PipelineSpec


@dataclass(frozen=True, slots=True)
class Channel:
    """What messages of a channel are delivered with.

    Attributes:
        name: What holds the webhook, by :func:`channel_name`; never the webhook.
        slack: The webhook.
        database: Where messages are reserved before they are sent.
        grouping_seconds: How long a sender waits for the other pipelines, from its own events on; 0 for not
            at all.
        now: The real clock, for records.
        wait: How to wait for other pipelines and other senders.
    """

    name: str
    slack: SlackWebhook
    database: PreparedDatabase
    grouping_seconds: float
    now: Callable[[], datetime]
    wait: Wait


def channel_name(spec: PipelineSpec) -> str:
    """What a pipeline's alerts wait and are recorded under: the connection or variable of its webhook."""
    connection = spec.alerts.connection
    # A connection may have the name of a variable.
    return f"connection-{connection}" if connection else spec.alerts.webhook_variable or WEBHOOK_VARIABLE


def grouping_seconds(spec: PipelineSpec, settings: Settings, age: timedelta) -> float:
    """How long to wait for other pipelines; 0 for a run that is late, or whose pipeline is the only one.

    Args:
        spec: The pipeline.
        settings: The setting, and the folder of all specs.
        age: How long ago the run's moment was.
    """
    is_alone = not set(Catalog(settings.dag_configs_dir).names()) - {spec.name}
    return 0 if age > LATE_FROM or is_alone else settings.alert_grouping_seconds
