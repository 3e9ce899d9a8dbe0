"""Both ways to write an object, called alike."""

from pipeline_lib.publishing.s3.objects import Bucket


def replace_new(bucket: Bucket, key: str, content: bytes, content_type: str) -> str:
    """Write a replaceable object where there is none."""
    return bucket.replace(key, content, content_type, None)
