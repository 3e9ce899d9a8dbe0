"""JSON that keeps the digits of decimal numbers."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = bool | int | float | Decimal | str | Sequence["Json"] | Mapping[str, "Json"] | None


def render(value: Json) -> str:
    """``value`` as compact JSON text; a Decimal goes out digit for digit, trailing zeros too."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{render(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(render(item) for item in value) + "]"
    return json.dumps(value)
