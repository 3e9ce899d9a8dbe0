from pathlib import Path

import pytest

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Loaded


@pytest.fixture
def nothing() -> Loaded:
    return Loaded((), ())


@pytest.fixture
def loaded() -> Loaded:
    """Diagnostics with everything in them that a format has to escape."""
    return Loaded(
        (),
        (
            Diagnostic((), "can't be\r\nread", "50% off, or: not", Path("dag_configs/a,b: 100%.yaml")),
            Diagnostic(
                ("thresholds", "1h"), "-3 is not greater than 0", "", Path("dag_configs/é.yaml"), 7, 3
            ),
            Diagnostic(
                ("windows", 1), "'1x' doesn't fit", "for example 24h", Path("/else where/x.yaml"), 2, 13
            ),
            Diagnostic(("a\x1b[31m\n",), "unknown key", "", Path("dag_configs/é.yaml"), 9),
        ),
    )
