"""For code scanning: SARIF 2.1.0."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline_lib.errors import SpecProblem
from pipeline_lib.specs import Loaded
from pipeline_lib.specs.checks.schema import subschema

_WHOLE_FILE = "spec"
_UNKNOWN_KEY = "unknown-key"
_DESCRIPTIONS = {
    _WHOLE_FILE: "A spec is a readable YAML mapping with all required keys.",
    _UNKNOWN_KEY: "A spec has no keys but those of the schema.",
}


def report(loaded: Loaded) -> str:
    """A log with one run; each key of a spec is a rule."""
    from importlib.metadata import version  # noqa: PLC0415 (costs as much as reading a spec, for this format)

    rules = sorted({_rule_of(problem) for problem in loaded.problems})
    run = {
        "tool": {
            "driver": {
                "name": "coin-pipelines",
                "version": version("coin-pipelines"),
                "rules": [_describe_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, rules) for problem in loaded.problems],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule_of(problem: SpecProblem) -> str:
    if not problem.path:
        return _WHOLE_FILE
    keys: list[str] = []
    for step in problem.path.split("."):
        # An index of a list says which item is wrong, not which rule it breaks.
        if not (step.isdigit() and "items" in subschema(keys)):
            keys.append(step)
    return ".".join(keys) if subschema(keys) else _UNKNOWN_KEY


def _describe_rule(rule: str) -> dict[str, Any]:
    text = _DESCRIPTIONS.get(rule) or subschema(rule.split("."))["description"]
    return {"id": rule, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}


def _result(problem: SpecProblem, rules: Sequence[str]) -> dict[str, Any]:
    rule = _rule_of(problem)
    subject = f"{problem.path}: " if problem.path else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": problem.severity.value,
        "message": {"text": f"{subject}{problem.message}{hint}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(problem.file),
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
    }


def _artifact(file: Path) -> dict[str, str]:
    encoded = quote(os.fsencode(file))
    if file.is_absolute():
        return {"uri": f"file://{encoded}"}
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}
