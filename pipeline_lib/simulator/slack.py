"""A Slack incoming webhook that keeps what it received."""

import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.http.json_text import Json
from pipeline_lib.simulator.http.messages import Answer, text_answer

WEBHOOK_PATH = "/services/T00000000/B00000000/simulated"

_WEBHOOK = re.compile(r"/services/T[^/]+/B[^/]+/[^/]+")
_KEPT_MESSAGES = 10_000
_LONGEST_SECTION = 3_000


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message that the webhook took.

    Attributes:
        received_at: The simulated time, UTC.
        body: The JSON object that was posted.
    """

    received_at: datetime
    body: Mapping[str, Json]


class SlackWebhook:
    """Takes messages at any URL of a webhook's form; the URL, a secret at the real Slack, is not kept.

    Keeps the last 10,000 messages. Safe to use from many threads.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._messages: deque[SlackMessage] = deque(maxlen=_KEPT_MESSAGES)
        self._lock = threading.Lock()

    def post(self, path: str, body: bytes) -> Answer:
        """Take a message, or refuse it as Slack would."""
        if not _WEBHOOK.fullmatch(path):
            return text_answer(404, "no_service")
        try:
            message = json.loads(body)
        except ValueError:
            return text_answer(400, "invalid_payload")
        if not isinstance(message, dict):
            return text_answer(400, "invalid_payload")
        if not message.get("text") and not message.get("blocks"):
            return text_answer(400, "no_text")
        if not _are_blocks(message.get("blocks", [])):
            return text_answer(400, "invalid_blocks")
        with self._lock:
            self._messages.append(SlackMessage(self._clock.now(), message))
        return text_answer(200, "ok")

    def messages(self) -> tuple[SlackMessage, ...]:
        """The messages taken, oldest first."""
        with self._lock:
            return tuple(self._messages)

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._messages.clear()


def _are_blocks(blocks: object) -> bool:
    return isinstance(blocks, list) and all(_is_block(block) for block in blocks)


def _is_block(block: object) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    text = block.get("text")
    if block["type"] != "section" or not isinstance(text, dict):
        return True
    content = text.get("text")
    return isinstance(content, str) and 0 < len(content) <= _LONGEST_SECTION
