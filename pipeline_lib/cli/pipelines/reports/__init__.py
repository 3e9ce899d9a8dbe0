"""The status of pipelines as text in several formats: pure functions."""

from collections.abc import Callable

from pipeline_lib.steps.overview.status import Status

Report = Callable[[Status], str]
