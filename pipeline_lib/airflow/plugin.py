"""The Airflow plugin that brings the listener in; the package names it as an entry point.

Every process of Airflow imports it, so everything else waits until there is something to report.
"""

from airflow.plugins_manager import AirflowPlugin

from pipeline_lib.airflow.notifiers import import_errors


class OpsAlertsPlugin(AirflowPlugin):
    """Notifies operators of DAG files that Airflow can't import, and so of invalid specs."""

    name = "coin-pipelines ops alerts"
    listeners = [import_errors]  # noqa: RUF012 (Airflow's form)
