"""The effective spec as YAML: what a pipeline's files say together, with every default filled in."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_lib.specs.catalog import Sources
from pipeline_lib.specs.checks.schema import load_schema
from pipeline_lib.specs.yaml.writing import write_yaml


def render(sources: Sources) -> str:
    """A spec file that says alone what ``sources`` say together.

    Beside the same defaults, or beside none, it renders to itself.

    Raises:
        InvalidSpecsError: The sources are invalid.
    """
    spec = sources.complete()
    documents = [sources.document.data, sources.defaults.data if sources.defaults else {}]
    return write_yaml(_with_nulls(spec.effective, documents, load_schema()))


def _with_nulls(
    effective: Mapping[str, Any], documents: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]
) -> dict[str, Any]:
    # A key that a file names but that isn't there any more was taken away by a null. Left out, it would
    # come back from the defaults.
    rendered: dict[str, Any] = {}
    for key, description in schema["properties"].items():
        value = effective.get(key)
        if isinstance(value, dict):
            below = [section[key] for section in documents if isinstance(section.get(key), dict)]
            rendered[key] = _with_nulls(value, below, description)
        elif key in effective or any(key in section for section in documents):
            rendered[key] = value
    return rendered | {key: value for key, value in effective.items() if key not in schema["properties"]}
