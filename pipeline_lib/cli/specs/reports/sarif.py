"""For code scanning: SARIF 2.1.0."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline_lib.model.diagnostic import Diagnostic
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

    rules = sorted({_rule_of(diagnostic) for diagnostic in loaded.diagnostics})
    run = {
        "tool": {
            "driver": {
                "name": "coin-pipelines",
                "version": version("coin-pipelines"),
                "rules": [_describe_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, rules) for diagnostic in loaded.diagnostics],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule_of(diagnostic: Diagnostic) -> str:
    if not diagnostic.path:
        return _WHOLE_FILE
    # An index of a list says which item is wrong, not which rule it breaks.
    keys = [step for step in diagnostic.path if isinstance(step, str)]
    return ".".join(keys) if subschema(keys) else _UNKNOWN_KEY


def _describe_rule(rule: str) -> dict[str, Any]:
    text = _DESCRIPTIONS.get(rule) or subschema(rule.split("."))["description"]
    return {"id": rule, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}


def _result(diagnostic: Diagnostic, rules: Sequence[str]) -> dict[str, Any]:
    rule = _rule_of(diagnostic)
    subject = f"{diagnostic.key}: " if diagnostic.path else ""
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": diagnostic.severity.value,
        "message": {"text": f"{subject}{diagnostic.text}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(diagnostic.file),
                    "region": {"startLine": diagnostic.line, "startColumn": diagnostic.column},
                }
            }
        ],
    }


def _artifact(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    encoded = quote(os.fsencode(file))
    if file.is_absolute():
        return {"uri": f"file://{encoded}"}
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}
