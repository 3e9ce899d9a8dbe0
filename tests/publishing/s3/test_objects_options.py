"""Encryption and storage class, as S3 keeps them; moto alone, since not every server has them."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from pipeline_lib.publishing.s3.objects import Bucket, ObjectOptions
from tests.publishing.s3.writes import replace_new


@pytest.mark.parametrize("write", [Bucket.put_immutable, replace_new])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ObjectOptions(), (None, None, None)),
        (ObjectOptions(encryption="AES256"), ("AES256", None, None)),
        (ObjectOptions(encryption="aws:kms", kms_key_id="alias/prices"), ("aws:kms", "alias/prices", None)),
        (ObjectOptions(storage_class="STANDARD_IA"), (None, None, "STANDARD_IA")),
    ],
)
def test_objects_are_kept_as_the_spec_says(
    bucket: Bucket, write: object, options: ObjectOptions, expected: tuple[str | None, ...]
) -> None:
    assert callable(write)
    if options != ObjectOptions():
        _skip_unless_known(bucket, options)
    write(replace(bucket, options=options), "key", b"content", "text/csv")
    head = bucket.client.head_object(Bucket=bucket.name, Key="key")
    kept = (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId"), head.get("StorageClass"))
    assert kept == expected


def test_no_object_is_given_an_acl(bucket: Bucket) -> None:
    sent: list[dict[str, str]] = []
    bucket.client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_others: sent.append(dict(request.headers))
    )
    bucket.put_immutable("key", b"content", "text/csv")
    bucket.replace("other", b"other", "text/csv", None)
    assert len(sent) == 2
    assert not [
        name for headers in sent for name in headers if "acl" in name.lower() or "grant" in name.lower()
    ]


def _skip_unless_known(bucket: Bucket, options: ObjectOptions) -> None:
    try:
        bucket.client.put_object(Bucket=bucket.name, Key="trial", Body=b"", **options.parameters())
    except ClientError as error:
        pytest.skip(f"this server doesn't take {options}: {error.response['Error'].get('Code')}")
