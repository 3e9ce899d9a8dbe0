"""Airflow shows here, as this DAG file's import error, what is wrong in any spec of ``dag_configs``.

A file of its own, since Airflow marks all DAGs of a file with an import error stale.
"""

from pathlib import Path

from pipeline_lib.airflow.dag import refuse_invalid_specs

refuse_invalid_specs(Path(__file__).resolve().parents[1])
