"""Diagnostics as text in several formats: pure functions."""

from collections.abc import Callable

from pipeline_lib.specs import Loaded

Report = Callable[[Loaded], str]
