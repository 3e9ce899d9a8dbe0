"""Whatever the validation lets through, Airflow takes."""

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.airflow.dag import build_dag
from pipeline_lib.settings import is_safe_url
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.checks.schema import load_schema, subschema
from pipeline_lib.specs.checks.semantics import find_semantic_violations
from pipeline_lib.specs.durations import parse_duration
from pipeline_lib.specs.reading.completion import read_spec
from pipeline_lib.specs.schedules.cron import PRESETS

EXAMPLES = int(os.environ.get("SPEC_EXAMPLES", "300"))
LETTERS = st.characters(
    exclude_categories=["Cs"], exclude_characters=[chr(code) for code in (*range(32), 127)]
)
TEXTS = st.text(LETTERS, min_size=1, max_size=100)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,99}", fullmatch=True)
COINS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True)
CONNECTIONS = st.from_regex(r"[A-Za-z0-9._-]{1,200}", fullmatch=True)
DURATIONS = st.from_regex(load_schema()["$defs"]["duration"]["pattern"]).map(str.strip)
WAITS = st.from_regex(load_schema()["$defs"]["wait"]["pattern"]).map(str.strip)
SPANS = st.lists(DURATIONS, max_size=5, unique_by=parse_duration)
COUNTS = st.lists(st.integers(2, 100_000), max_size=5, unique=True)
WINDOWS = st.builds(
    lambda spans, counts: [*sorted(counts), *sorted(spans, key=parse_duration)], SPANS, COUNTS
).filter(bool)
PERCENT = st.one_of(
    st.integers(1, 1000), st.floats(0, 1000, exclude_min=True, allow_nan=False, allow_subnormal=True)
)
RULE = st.fixed_dictionaries({}, optional={"limit": PERCENT, "minimum_percent": st.integers(0, 1000)})
EPISODES = {
    "on_backfill": st.booleans(),
    "cooldown": DURATIONS,
    "clear_level": st.floats(0, 1, exclude_min=True, allow_nan=False),
    "z_score": RULE,
    "robust_z_score": RULE,
}
ALERTS = st.one_of(
    st.fixed_dictionaries({}, optional={"connection": CONNECTIONS, **EPISODES}),
    st.fixed_dictionaries(
        {"webhook_variable": st.from_regex(r"SLACK_WEBHOOK_URL[A-Z0-9_]{0,83}", fullmatch=True)},
        optional=EPISODES,
    ),
)


def cron_field(lowest: int, highest: int, names: list[str]) -> st.SearchStrategy[str]:
    numbers = st.integers(lowest, highest)
    ranges = st.tuples(numbers, numbers).map(sorted)
    steps = st.integers(1, highest)
    single = st.one_of(
        st.just("*"),
        numbers.map(str),
        ranges.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        steps.map(lambda step: f"*/{step}"),
        st.tuples(ranges, steps).map(lambda both: f"{both[0][0]}-{both[0][1]}/{both[1]}"),
        *([st.sampled_from(names)] if names else []),
    )
    return st.lists(single, min_size=1, max_size=3).map(",".join)


MONTHS = ["jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "MON", "Tue", "wed", "thu", "fri", "sat", "L5", "fri#2", "5#5", "7", "mon-fri"]
CRONS = st.tuples(
    cron_field(0, 59, []),
    cron_field(0, 23, []),
    cron_field(1, 31, ["L", "l", "?"]),
    cron_field(1, 12, MONTHS),
    cron_field(0, 7, [*WEEKDAYS, "?"]),
)
SPACES = st.sampled_from([" ", "  ", "\t"])


def is_schedule(text: str) -> bool:
    return not any(
        find_semantic_violations(
            {
                "schedule": text,
                "timezone": "UTC",
                "start_date": "2024-01-01",
                "windows": [],
                "alerts": {},
            }
        )
    )


# Many of the crons never come round, and only the rest may pass.
SCHEDULES = st.one_of(
    st.sampled_from(sorted(PRESETS)),
    st.tuples(CRONS, SPACES).map(lambda cron: cron[1].join(cron[0])).filter(is_schedule),
)
# With its anchors, a line break might follow.
ENDPOINT = subschema(("s3", "endpoint_url"))["pattern"].removeprefix("^").removesuffix("$")
S3 = st.fixed_dictionaries(
    {"prefix": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*", fullmatch=True)},
    optional={
        "bucket": st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True),
        "endpoint_url": st.from_regex(ENDPOINT, fullmatch=True).filter(is_safe_url),
        "connection": CONNECTIONS,
        "layout": st.sampled_from(["complete", "partitions"]),
        "encryption": st.sampled_from(["AES256", "aws:kms"]),
        "storage_class": st.sampled_from(["STANDARD", "STANDARD_IA"]),
    },
)
SPECS = st.fixed_dictionaries(
    {"spec_version": st.just(1), "coin": COINS, "schedule": SCHEDULES},
    optional={
        "description": st.text(LETTERS, min_size=1, max_size=200),
        "vs_currency": st.from_regex(r"[a-z]{2,10}", fullmatch=True),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Kolkata", "Etc/GMT-14"]),
        "start_date": st.dates(date(1970, 1, 1), date(2199, 12, 31)).map(str),
        "owner": TEXTS,
        "tags": st.lists(TEXTS, max_size=5, unique=True),
        "retries": st.integers(0, 20),
        "retry_delay": WAITS,
        "timeout": WAITS,
        "windows": WINDOWS,
        "thresholds": st.fixed_dictionaries({}, optional={"1h": PERCENT, "24h": PERCENT}),
        "alerts": ALERTS,
        "catchup": st.booleans(),
        "quality": st.fixed_dictionaries(
            {}, optional={"max_age": DURATIONS, "max_jump": st.integers(1, 1_000_000)}
        ),
        "s3": S3,
    },
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def yaml_text(content: dict[str, Any]) -> str:
    """JSON, with YAML's own escapes for what a YAML file can't hold as it stands."""
    text = json.dumps(content, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in text)


def read(folder: Path, name: str, content: dict[str, Any]) -> PipelineSpec:
    path = folder / f"{name}.yaml"
    path.write_text(yaml_text(content), encoding="utf-8")
    try:
        return read_spec(path, None)
    finally:
        path.unlink()


def stored(spec: PipelineSpec, project: Path) -> str:
    """The DAG as Airflow's database holds it."""
    return json.dumps(DagSerialization.to_dict(build_dag(spec, project)))


@given(name=NAMES, content=SPECS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_spec_that_validates_becomes_a_dag_that_airflow_stores_and_schedules(
    folder: Path, name: str, content: dict[str, Any]
) -> None:
    spec = read(folder, name, content)
    # What the dag processor does with a DAG, and a database with its texts.
    text = stored(spec, folder)
    assert "\\u0000" not in text
    dag: Any = DagSerialization.from_dict(json.loads(text))
    assert (dag.dag_id, dag.start_date) == (spec.dag_id, spec.start_date)
    assert isinstance(dag.timetable.summary, str)
    assert isinstance(dag.timetable.description, str)
    for catchup in (False, True):
        restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=catchup)
        assert dag.timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)


@given(name=NAMES, content=SPECS)
@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_spec_builds_to_the_same_bytes_each_time(
    folder: Path, name: str, content: dict[str, Any]
) -> None:
    assert stored(read(folder, name, content), folder) == stored(
        read(folder, name, content), folder / "elsewhere"
    )
