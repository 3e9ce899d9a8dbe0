"""A channel: the pipelines that share a Slack webhook."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline_lib.alerts.messages.composing import LATE_FROM
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.settings import WEBHOOK_VARIABLE, Settings
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.store.state.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Channel:
    """What messages of a channel are delivered with.

    Attributes:
        slack: The webhook.
        outbox: The channel's own.
        data_dir: Folder of everything that pipelines write; delivery is recorded below it.
        grouping_seconds: How long a sender waits for the other pipelines; 0 for not at all.
        now: The real clock, for records.
        sleep: Waits for some seconds.
    """

    slack: SlackWebhook
    outbox: Outbox
    data_dir: Path
    grouping_seconds: float
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


def outbox_of(spec: PipelineSpec, data_dir: Path) -> Outbox:
    """The outbox of a pipeline's channel, by the name of the connection or variable of its webhook."""
    connection = spec.alerts.connection
    # A connection's name may begin with a dot, or be that of a variable.
    name = f"connection-{connection}" if connection else spec.alerts.webhook_variable or WEBHOOK_VARIABLE
    return Outbox.of(data_dir, name)


def grouping_seconds(spec: PipelineSpec, settings: Settings, age: timedelta) -> float:
    """How long to wait for other pipelines; 0 for a run that is late, or whose pipeline is the only one.

    Args:
        spec: The pipeline.
        settings: The setting, and the folder of all specs.
        age: How long ago the run's moment was.
    """
    is_alone = not set(Catalog(settings.dag_configs_dir).names()) - {spec.name}
    return 0 if age > LATE_FROM or is_alone else settings.alert_grouping_seconds
