"""Fields of archived JSON, which is read as text from outside."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pipeline_lib.archive.rows import from_fields
from pipeline_lib.common.http.bounded_json import NumberText
from pipeline_lib.model.observation import Observation

_NUMBERS = ("price", "change_1h_percent", "change_24h_percent", "market_cap", "total_volume")
# An exponent could ask for more digits than there is memory.
_DIGITS = re.compile(r"-?\d+(\.\d+)?|", re.ASCII)


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
    if not all(isinstance(text, str) and not isinstance(text, NumberText) for text in texts.values()):
        raise ValueError("a value of the observation is not text")
    for name in _NUMBERS:
        if not _DIGITS.fullmatch(texts.get(name, "")):
            raise ValueError(f"{name} is not written as digits")
    return from_fields(texts)


def sha256_of(text: str) -> str:
    """The hash of a text's UTF-8."""
    return sha256(text.encode()).hexdigest()
