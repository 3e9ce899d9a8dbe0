"""Reports invalid specs of ``dag_configs`` as the import error of this DAG file.

A file of its own, since an import error marks all DAGs of its file stale.
"""

from pathlib import Path

from pipeline_lib.airflow.dag import refuse_invalid_specs

refuse_invalid_specs(Path(__file__).resolve().parents[1])
