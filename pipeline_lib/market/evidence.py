"""What an answer that is refused carries to the quarantine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pipeline_lib.errors import UnusableAnswerError


@contextmanager
def evidence(
    *, answer: bytes | None = None, url: str | None = None, requested_at: datetime | None = None
) -> Iterator[None]:
    """Hand what is known of an answer to any refusal of it that is raised inside.

    What a refusal has already stays: of two such contexts the inner one knows better.

    Args:
        answer: What is refused; a refusal keeps the first ``UnusableAnswerError.MOST_BYTES`` of it.
        url: The request's address, without a key.
        requested_at: When it was asked for (UTC).
    """
    try:
        yield
    except UnusableAnswerError as error:
        if error.answer is None and answer is not None:
            error.answer = answer[: error.MOST_BYTES]
        error.url = error.url or url
        error.requested_at = error.requested_at or requested_at
        raise
