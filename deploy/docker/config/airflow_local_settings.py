"""Airflow loads this once in each of its processes; tasks are forked from them and find it there.

What tasks of pipelines need is imported here instead of by each task anew. None of it reads a spec, opens a
connection or starts a thread.
"""

from importlib import import_module

from pipeline_lib import steps

# boto3 is left out: a stack without uploads has no use for it, and it is the largest of all.
_NEEDED = (
    "jsonschema_rs",
    "psycopg",
    "pipeline_lib.airflow.dag",
    "pipeline_lib.airflow.task",
    "pipeline_lib.common.http.exchange",
    "pipeline_lib.ops.alerts",
)

for _name in _NEEDED:
    import_module(_name)
steps.all_steps()

# Airflow takes over what else a module of this name defines.
__all__: list[str] = []
