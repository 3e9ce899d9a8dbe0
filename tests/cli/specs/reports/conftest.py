from pathlib import Path

import pytest

from pipeline_lib.errors import SpecProblem
from pipeline_lib.specs import Loaded


@pytest.fixture
def nothing() -> Loaded:
    return Loaded((), ())


@pytest.fixture
def findings() -> Loaded:
    """Problems with everything in them that a format has to escape."""
    return Loaded(
        (),
        (
            SpecProblem(Path("dag_configs/a,b: 100%.yaml"), 1, 1, "", "can't be\r\nread", "50% off, or: not"),
            SpecProblem(Path("dag_configs/é.yaml"), 7, 3, "thresholds.1h", "-3 is not greater than 0"),
            SpecProblem(
                Path("/else where/x.yaml"), 2, 13, "windows.1", "'1x' doesn't fit", "for example 24h"
            ),
            SpecProblem(Path("dag_configs/é.yaml"), 9, 1, "a\x1b[31m\n", "unknown key"),
        ),
    )
