import pytest

from pipeline_lib.errors import SettingsError
from pipeline_lib.specs.checks.default_bucket import require_bucket_name
from pipeline_lib.specs.checks.schema_violations import find_schema_violations


@pytest.mark.parametrize("name", ["my-bucket", "a.b", "123", None])
def test_what_a_spec_may_name_passes(name: str | None) -> None:
    require_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "s3://my-bucket",
        "my-bucket/",
        "my-bucket/crypto",
        "My-Bucket",
        "my_bucket",
        "my bucket",
        "bücket",
        "ab",
        "a" * 64,
        "-ab",
        "arn:aws:s3:::my-bucket",
        "https://my-bucket.s3.amazonaws.com",
    ],
)
def test_what_no_spec_may_name_is_refused_by_the_variables_name(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        require_bucket_name(name)
    assert caught.value.variable == "S3_BUCKET"
    assert str(caught.value).endswith(
        ", and a bucket's name is 3 to 63 lower-case letters, digits, '.' and '-', with a letter or digit"
        " at both ends (for example my-bucket: no address and no folder)"
    )
    spec = {"spec_version": 1, "coin": "x", "schedule": "@daily", "s3": {"bucket": name, "prefix": "p"}}
    assert [violation.path for violation in find_schema_violations(spec)] == [("s3", "bucket")]
