"""Fields of archived JSON, which is read as text from outside."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pipeline_lib.archive.rows import from_fields
from pipeline_lib.model.observation import Observation


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, dict):
        raise ValueError("a part is missing")  # noqa: TRY004 (a value of a file, not of a caller)
    return value


def read_observation(value: object) -> Observation:
    """The observation of a JSON object of texts.

    Raises:
        ValueError: It is none; the text says why.
    """
    texts = mapping(value)
    # A number is a kind of text of its own.
    if set(map(type, texts.values())) != {str}:
        raise ValueError("a value of the observation is not text")
    return from_fields(texts)


def sha256_of(text: str) -> str:
    """The hash of a text's UTF-8."""
    return sha256(text.encode()).hexdigest()
