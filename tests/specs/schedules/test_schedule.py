import subprocess
import sys

import pytest

from pipeline_lib.specs import Schedule
from pipeline_lib.specs.schedules.schedule import is_known_zone


def test_a_zone_is_named_beside_the_expression_unless_it_is_utc() -> None:
    assert str(Schedule("@daily")) == "@daily"
    assert str(Schedule("0 9 * * *", "Europe/Berlin")) == "0 9 * * * (Europe/Berlin)"


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Etc/GMT+5"])
def test_zones_of_the_iana_list_are_known(name: str) -> None:
    assert is_known_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe", "Europe/", "/etc/localtime", "../UTC", "A" * 300, "a\x00"]
)
def test_other_names_are_not(name: str) -> None:
    assert not is_known_zone(name)


def test_schedules_in_utc_need_no_time_zones() -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from pipeline_lib.specs import Catalog\n"
        "from pipeline_lib.specs.schedules.moments import is_due\n"
        "(spec, *_) = Catalog(Path('dag_configs')).load_all().specs\n"
        "is_due(spec.schedule, datetime(2026, 1, 1, tzinfo=UTC))\n"
        "print('zoneinfo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
