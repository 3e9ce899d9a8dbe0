"""A process that runs the alert step and is killed before or after it sends."""

import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec, Thresholds
from pipeline_lib.steps import Run, Services, send_price_alerts
from tests.system.replays import NEVER, spec_of

SPEC: PipelineSpec = spec_of(Thresholds(Decimal(3), NEVER), timedelta(hours=12))

_deliver = SlackWebhook.deliver


def main(when: str, moment: str) -> None:
    """Run the step of a moment, and die before or after the message is sent."""

    def deliver(webhook: SlackWebhook, message: Mapping[str, Any]) -> None:
        if when == "after":
            _deliver(webhook, message)
        os.kill(os.getpid(), signal.SIGKILL)

    SlackWebhook.deliver = deliver  # type: ignore[method-assign, assignment]
    services = Services.from_settings(Settings.from_environment(os.environ, project_folder=Path.cwd()))
    send_price_alerts(SPEC, Run(parse_moment(moment)), services)


if __name__ == "__main__":
    main(*sys.argv[1:])
