"""Faults on demand: what goes wrong, how often, and for which requests."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from pipeline_lib.simulator.http.json_text import Json

FaultKind: TypeAlias = Literal[
    "status",
    "slow",
    "drip",
    "cut",
    "malformed",
    "missing_field",
    "null_field",
    "replace_field",
    "unknown_coin",
    "redirect",
]

API_ROOT = "/api/v3"
MARKETS_PATH = "/coins/markets"
SLACK_ROOT = "/services"

_ROW_EDITS = frozenset({"missing_field", "null_field", "replace_field"})
_LOWEST_STATUS = 200
_HIGHEST_STATUS = 599
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "slow": ("seconds",),
    "drip": ("seconds",),
    "missing_field": ("field",),
    "null_field": ("field",),
    "replace_field": ("field",),
    "unknown_coin": ("coin",),
    "redirect": ("location",),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "status": ("retry_after", "body", "error_code"),
    "malformed": ("body",),
    "missing_field": ("coin",),
    "null_field": ("coin",),
    "replace_field": ("coin", "value"),
    "redirect": ("status",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong.

    Kinds: ``status`` answers with an error; ``slow`` waits before the answer; ``drip`` sends the body byte by
    byte; ``cut`` closes the connection in the middle of the body; ``malformed`` answers 200 with a web page,
    or with another body under JSON's name; ``missing_field``, ``null_field`` and ``replace_field`` change
    rows of ``/coins/markets``; ``unknown_coin`` makes a coin unknown; ``redirect`` sends the client
    elsewhere.

    Attributes:
        kind: What goes wrong.
        times: How many requests it hits; None until the faults are cleared.
        path: The path it applies to, with everything below it: ``/coins/markets`` (below the API's root), or
            ``/services`` for the Slack webhook; ``/api/v3`` for all of CoinGecko, None for Slack as well.
        status: The HTTP status of ``status`` (required) and ``redirect`` (302 unless given).
        retry_after: The Retry-After header of ``status``: seconds, or the text of an HTTP date.
        body: The body of ``status``, see ``error_bodies.market_error``, or of ``malformed``.
        error_code: CoinGecko's own code in the body of ``status``, such as 10002.
        seconds: How long ``slow`` waits, or ``drip`` before each byte.
        field: The key of the rows to change.
        value: What ``replace_field`` puts there.
        coin: The coin of ``unknown_coin``; the only row to change for the others, None for every row.
        location: Where ``redirect`` sends the client.

    Raises:
        ValueError: An attribute is missing, doesn't belong to the kind, or can't be used.
    """

    kind: FaultKind
    times: int | None = 1
    path: str | None = None
    status: int | None = None
    retry_after: int | str | None = None
    body: str | None = None
    error_code: int | None = None
    seconds: float | None = None
    field: str | None = None
    value: Json = None
    coin: str | None = None
    location: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"kind is {self.kind!r}, not one of {', '.join(get_args(FaultKind))}")
        required = _REQUIRED.get(self.kind, ())
        for name in required:
            if getattr(self, name) is None:
                raise ValueError(f"a fault of kind {self.kind} needs {name}")
        fitting = {"kind", "times", "path", *required, *_OPTIONAL.get(self.kind, ())}
        for name in self.__slots__:
            if name not in fitting and getattr(self, name) is not None:
                raise ValueError(f"a fault of kind {self.kind} takes no {name}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}, but a fault hits at least one request")
        if self.status is not None and not _LOWEST_STATUS <= self.status <= _HIGHEST_STATUS:
            raise ValueError(f"status is {self.status}, not from {_LOWEST_STATUS} to {_HIGHEST_STATUS}")
        if self.seconds is not None and self.seconds < 0:
            raise ValueError(f"seconds is {self.seconds}, below zero")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"path is {self.path!r}, but a path starts with /")

    @property
    def edits_rows(self) -> bool:
        """Whether it only changes rows of ``/coins/markets``."""
        return self.kind in _ROW_EDITS

    def hits(self, path: str) -> bool:
        """Whether it applies to a request for ``path``, below the API's root or the webhook's."""
        if self.path is not None and not self._is_aimed_at(path):
            return False
        if self.edits_rows:
            return path == MARKETS_PATH
        if self.kind == "unknown_coin":
            return path == MARKETS_PATH or _is_below(path, f"/coins/{self.coin}")
        return True

    def _is_aimed_at(self, path: str) -> bool:
        aim = str(self.path)
        # The root of all paths means CoinGecko's: the webhook is another server.
        if _is_below(path, SLACK_ROOT) != _is_below(aim, SLACK_ROOT):
            return False
        return _is_below(path, aim.removeprefix(API_ROOT))


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")


class FaultQueue:
    """Faults waiting for requests, oldest first. Safe to use from many threads.

    A request is hit by the first fault that applies to it. If that one edits rows, so do those behind it that
    also edit rows: one answer can lack several fields.
    """

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Queue ``faults`` behind the others."""
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> tuple[Fault, ...]:
        """The faults still to come; ``times`` is how many requests are left to each."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, path: str) -> tuple[Fault, ...]:
        """The faults that hit a request for ``path``, used up by one request."""
        with self._lock:
            taken: list[Fault] = []
            left: list[Fault] = []
            for fault in self._waiting:
                joins = not taken or (taken[-1].edits_rows and fault.edits_rows)
                if not (joins and fault.hits(path)):
                    left.append(fault)
                    continue
                taken.append(fault)
                if fault.times is None:
                    left.append(fault)
                elif fault.times > 1:
                    left.append(replace(fault, times=fault.times - 1))
            self._waiting = left
            return tuple(taken)


def edit_rows(document: Json, faults: Sequence[Fault]) -> Json:
    """``document`` with the rows changed as ``faults`` say; one that isn't a list of rows stays as it is."""
    if not isinstance(document, list):
        return document
    rows = document
    for fault in faults:
        rows = [_edited(row, fault) for row in rows]
    return rows


def _edited(row: Json, fault: Fault) -> Json:
    if not fault.edits_rows or not isinstance(row, Mapping) or fault.coin not in (None, row.get("id")):
        return row
    if fault.kind == "missing_field":
        return {key: value for key, value in row.items() if key != fault.field}
    return {**row, str(fault.field): fault.value}
