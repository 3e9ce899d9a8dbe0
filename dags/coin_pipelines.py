"""Airflow reads its DAGs here: one for each valid spec in ``dag_configs``."""

from pathlib import Path

from pipeline_lib.airflow.dag import build_dags

for dag in build_dags(Path(__file__).resolve().parents[1]):
    globals()[dag.dag_id] = dag
