from pathlib import Path

import pytest

from pipeline_lib.airflow.changed_specs import announce, announced
from pipeline_lib.airflow.dag import build_dags

SPEC = 'spec_version: 1\ncoin: litecoin\nschedule: "@hourly"\n'


def test_what_is_announced_holds_for_the_parse_that_follows_alone() -> None:
    environment: dict[str, str] = {}
    assert announced(environment, 100.0) is None
    announce({"b", "a"}, environment, 100.0)
    assert announced(environment, 102.9) == frozenset({"a", "b"})
    assert announced(environment, 103.1) is None


def test_a_parse_that_follows_a_change_builds_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: dict[str, str] = {}
    announce({"one", "gone"}, environment, float("1e9"))
    for name in ("one", "other"):
        (tmp_path / f"{name}.yaml").write_text(SPEC)
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(tmp_path))
    assert len(list(build_dags(tmp_path))) == 2
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert [dag.dag_id for dag in build_dags(tmp_path)] == ["one_data_pipeline"]
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "other_data_pipeline")
    assert [dag.dag_id for dag in build_dags(tmp_path)] == ["other_data_pipeline"]
