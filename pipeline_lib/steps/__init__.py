"""The five steps of a run, where market, archive, database, alerts and publishing meet.

Each is a plain function of the pipeline, the run and the access to the world; Airflow, the command line and
tests call the same ones. A step that fails raises; a step that has nothing to do returns ``Skipped``.

A task runs one step, so a step's module is imported when the step is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from pipeline_lib.steps.run import Run, Services, Step

if TYPE_CHECKING:
    from pipeline_lib.steps.alert import send_price_alerts
    from pipeline_lib.steps.compute import compute_moving_average
    from pipeline_lib.steps.fetching.fetch import fetch_and_save_price
    from pipeline_lib.steps.upload import upload_processed_csv_to_s3, upload_raw_to_s3

__all__ = [
    "Run",
    "Services",
    "Step",
    "all_steps",
    "compute_moving_average",
    "fetch_and_save_price",
    "send_price_alerts",
    "upload_processed_csv_to_s3",
    "upload_raw_to_s3",
]

_MODULES = {
    "fetch_and_save_price": "fetching.fetch",
    "send_price_alerts": "alert",
    "upload_raw_to_s3": "upload",
    "compute_moving_average": "compute",
    "upload_processed_csv_to_s3": "upload",
}


def __getattr__(name: str) -> Step:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    step: Step = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return step


def all_steps() -> tuple[Step, ...]:
    """The steps of a run, in an order in which each finds the work that it needs done."""
    return tuple(map(__getattr__, _MODULES))
