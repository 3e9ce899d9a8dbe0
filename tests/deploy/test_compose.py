"""What docker-compose.yaml promises, read from the file; tests/stack tries it with an engine."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
ONCE = {"airflow-prepare", "airflow-init"}
LASTING = sorted(SERVICES.keys() - ONCE)
AIRFLOW = sorted(name for name in SERVICES if name.startswith("airflow-") and name != "airflow-prepare")


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_started_again_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert service["healthcheck"]["start_interval"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_memory_and_logs_are_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_sees_the_folders_and_variables_of_the_project(name: str) -> None:
    service = SERVICES[name]
    volumes = set(service["volumes"])
    assert {
        "./dags:/opt/airflow/dags:ro",
        "./dag_configs:/opt/airflow/dag_configs:ro",
        "./schemas:/opt/airflow/schemas:ro",
        "./data:/opt/airflow/data",
        "${AWS_FOLDER:-~/.aws}:/home/airflow/.aws:ro",
    } <= volumes
    environment = service["environment"]
    assert environment["BITCOIN_RAW_PATH"] == "/opt/airflow/data/bitcoin_raw.csv"
    assert environment["BITCOIN_PROCESSED_PATH"] == "/opt/airflow/data/bitcoin_processed.csv"
    assert environment["BITCOIN_ARCHIVE_PATH"] == "/opt/airflow/data/archive/bitcoin"
    assert "SLACK_WEBHOOK_URL" in environment
    assert service["env_file"] == [{"path": ".env", "required": False}]
    assert service["user"] == "${AIRFLOW_UID:-50000}:0"
    assert service["cap_drop"] == ["ALL"]


def test_only_the_ui_has_a_port_and_that_on_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"airflow-apiserver": ["${AIRFLOW_ADDRESS:-127.0.0.1}:${AIRFLOW_PORT:-8080}:8080"]}


@pytest.mark.parametrize("name", ["airflow-scheduler", "airflow-worker"])
def test_what_runs_tasks_gets_time_to_end_them(name: str) -> None:
    assert SERVICES[name]["stop_grace_period"] == "2m"
    # Without it the signal to stop goes to the tasks too.
    assert SERVICES[name]["environment"]["DUMB_INIT_SETSID"] == "0"


def test_many_workers_come_by_one_profile() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {
        "redis",
        "airflow-worker",
    }


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if name.endswith(("_KEY", "_SECRET", "PASSWORD", "_TOKEN", "_CONN", "_BROKER_URL")):
                assert value in (None, "${_AIRFLOW_WWW_USER_PASSWORD:-admin}"), name
