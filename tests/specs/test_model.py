from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs import OneCoin, pipeline_name
from pipeline_lib.specs.reading.completion import read_spec

MINIMAL = Path(__file__).parents[1] / "data" / "specs" / "good" / "minimal.yaml"


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,99}", fullmatch=True))
@settings(deadline=None)
def test_a_dag_id_leads_back_to_its_pipeline(name: str) -> None:
    assert pipeline_name(f"{name}_data_pipeline") == name


@pytest.mark.parametrize(
    "dag_id", ["", "bitcoin", "_data_pipeline", "bitcoin_data_pipelines", "data_pipeline"]
)
def test_another_dag_id_is_no_pipelines(dag_id: str) -> None:
    assert pipeline_name(dag_id) is None


def test_a_spec_names_its_dag() -> None:
    assert read_spec(MINIMAL, None).dag_id == "minimal_data_pipeline"


def test_a_spec_never_changes() -> None:
    spec = read_spec(MINIMAL, None)
    with pytest.raises(FrozenInstanceError):
        spec.coins = OneCoin("ethereum")  # type: ignore[misc]
