"""The bucket of specs that name none, held against what specs may name."""

import re

from pipeline_lib.errors import SettingsError
from pipeline_lib.specs.checks.schema import subschema
from pipeline_lib.specs.checks.schema_violations import as_yaml, show_value

VARIABLE = "S3_BUCKET"


def require_bucket_name(name: str | None) -> None:
    """Make sure that ``S3_BUCKET`` holds what a spec could hold as ``s3.bucket``, or nothing.

    Args:
        name: What the variable holds, or None.

    Raises:
        SettingsError: It is no name of a bucket.
    """
    described = subschema(("s3", "bucket"))
    if name is None or re.fullmatch(described["pattern"], name):
        return
    raise SettingsError(
        VARIABLE,
        f"is {show_value(name)}, and a bucket's name is {described['$comment']}",
        hint=f"for example {as_yaml(described['examples'][0])}: no address and no folder",
    )
