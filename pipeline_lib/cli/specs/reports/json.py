"""For programs: a list with an object for each diagnostic."""

import json
from typing import Any

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Loaded


def report(loaded: Loaded) -> str:
    """Every field of every diagnostic but the line of its file; an empty list when there is none."""
    return json.dumps([_fields(diagnostic) for diagnostic in loaded.diagnostics], indent=2) + "\n"


def _fields(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "file": str(diagnostic.file),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.key,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "severity": diagnostic.severity.value,
    }
