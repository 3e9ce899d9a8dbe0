"""For programs: a list with an object for each problem."""

import json
from dataclasses import asdict

from pipeline_lib.specs import Loaded


def report(loaded: Loaded) -> str:
    """Every field of every problem; an empty list when there is none."""
    objects = [
        {**asdict(problem), "file": str(problem.file), "severity": problem.severity.value}
        for problem in loaded.problems
    ]
    return json.dumps(objects, indent=2) + "\n"
