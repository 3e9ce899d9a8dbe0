"""The values for Airflow's Helm chart; ``AIRFLOW_CHART_SCHEMA`` may name the chart's values.schema.json."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from local_stack.embedded_airflow import AirflowPlace
from pipeline_lib.airflow.bundle import PipelinesDagBundle

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "deploy" / "kubernetes"
PARSING = "AIRFLOW__DAG_PROCESSOR__"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))


def test_all_pods_share_one_folder_that_many_may_write_to() -> None:
    claim = yaml.safe_load((FOLDER / "data.yaml").read_text(encoding="utf-8"))
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    (volume,) = VALUES["volumes"]
    (mount,) = VALUES["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert mount == {"name": volume["name"], "mountPath": "/opt/airflow/data"}
    environment = {variable["name"]: variable["value"] for variable in VALUES["env"]}
    assert environment["DATA_DIR"] == mount["mountPath"]


def test_specs_come_with_the_dags() -> None:
    git_sync = VALUES["dags"]["gitSync"]
    assert (git_sync["enabled"], git_sync["subPath"]) == (True, "dags")
    assert {"name": "DAG_CONFIGS_DIR", "value": "/opt/airflow/dags/repo/dag_configs"} in VALUES["env"]


def test_specs_are_watched_as_in_docker_and_on_one_machine() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))
    docker = {
        name.removeprefix(PARSING): value
        for name, value in compose["x-airflow"]["environment"].items()
        if name.startswith(PARSING)
    }
    place = AirflowPlace(PROJECT, PROJECT / ".airflow", 8080)
    local = {
        name.removeprefix(PARSING): value
        for name, value in place.environment({}).items()
        if name.startswith(PARSING)
    }
    bundles = json.loads(docker.pop("DAG_BUNDLE_CONFIG_LIST"))
    assert json.loads(local.pop("DAG_BUNDLE_CONFIG_LIST")) == bundles
    assert VALUES["dagProcessor"]["dagBundleConfigList"] == bundles
    assert bundles[0]["classpath"] == f"{PipelinesDagBundle.__module__}.{PipelinesDagBundle.__name__}"
    assert local == docker
    settings = VALUES["config"]["dag_processor"]
    assert {name.upper(): str(value) for name, value in settings.items()} == docker


def test_nobody_gets_in_with_admin_admin() -> None:
    assert VALUES["createUserJob"]["defaultUser"]["enabled"] is False
    assert VALUES["postgresql"]["enabled"] is False
    assert not {"fernetKey", "apiSecretKey", "jwtSecret"} & VALUES.keys()


def test_the_values_fit_the_charts_schema() -> None:
    path = os.environ.get("AIRFLOW_CHART_SCHEMA")
    if path is None:
        pytest.skip("AIRFLOW_CHART_SCHEMA doesn't name the chart's values.schema.json")
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(VALUES)] == []
