"""The record of delivered alerts: what was said of which moment, so that a retry doesn't say it again."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline_lib.store.durable_files import write_once
from pipeline_lib.store.layout import Layout


def was_delivered(layout: Layout, moment: datetime) -> bool:
    """Whether the alert of ``moment`` has reached its people."""
    return layout.delivered_alert(moment).exists()


def record_delivery(layout: Layout, moment: datetime, message: Mapping[str, Any]) -> None:
    """Note that ``message`` was delivered for ``moment``."""
    content = json.dumps(message, ensure_ascii=False, indent=1) + "\n"
    write_once(layout.delivered_alert(moment), content.encode())
