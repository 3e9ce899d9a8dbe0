"""What a task pays for before it works: a step imports what it needs, and nothing of the other steps."""

import json
import subprocess
import sys

import pytest

from pipeline_lib import steps

WORLD = ("requests", "boto3", "pyrate_limiter", "pipeline_lib.market", "pipeline_lib.publishing.s3")


def imported_by(step: str) -> set[str]:
    program = (
        "import json, sys\n"
        "from pipeline_lib import steps\n"
        f"steps.{step}\n"
        f"print(json.dumps([name for name in {WORLD} if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("step", "needs"),
    [
        ("Services", set()),
        ("compute_moving_average", set()),
        ("send_price_alerts", set()),
        ("upload_raw_to_s3", {"pipeline_lib.publishing.s3"}),
        ("upload_processed_csv_to_s3", {"pipeline_lib.publishing.s3"}),
        ("fetch_and_save_price", {"pipeline_lib.market", "pyrate_limiter"}),
    ],
)
def test_a_step_imports_what_it_needs_alone(step: str, needs: set[str]) -> None:
    assert imported_by(step) == needs


def test_the_package_has_no_step_of_another_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sell_everything'"):
        _ = steps.sell_everything
