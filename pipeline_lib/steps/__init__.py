"""The five steps of a run, where market, store, analysis and alerts meet.

Each is a plain function of the pipeline, the run and the access to the world; Airflow, the command line and
tests call the same ones. A step that fails raises; a step that has nothing to do returns ``Skipped``.
"""

from pipeline_lib.steps.alert import send_price_alerts
from pipeline_lib.steps.compute import compute_moving_average
from pipeline_lib.steps.fetching.fetch import fetch_and_save_price
from pipeline_lib.steps.run import Run, Services, Step
from pipeline_lib.steps.upload import upload_processed_csv_to_s3, upload_raw_to_s3

__all__ = [
    "ALL_STEPS",
    "Run",
    "Services",
    "Step",
    "compute_moving_average",
    "fetch_and_save_price",
    "send_price_alerts",
    "upload_processed_csv_to_s3",
    "upload_raw_to_s3",
]

ALL_STEPS: tuple[Step, ...] = (
    fetch_and_save_price,
    send_price_alerts,
    upload_raw_to_s3,
    compute_moving_average,
    upload_processed_csv_to_s3,
)
"""The steps of a run, in an order in which each finds the work that it needs done."""
