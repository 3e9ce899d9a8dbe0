"""Objects in an S3 bucket: those that must never change, and those that are replaced whole."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import S3ConflictError, S3RefusedError, S3UnavailableError
from pipeline_lib.publishing.s3.failures import (
    ConditionFailedError,
    is_missing,
    is_unexplained,
    translated_failures,
)
from pipeline_lib.publishing.s3.unusable_settings import (
    ENDPOINT_VARIABLES,
    refusing_unusable_settings,
    require_usable_address,
    require_usable_keys,
)

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
# The last of boto3's waits takes up to 4 s.
_ATTEMPTS = 4
_CONNECTIONS = 16
# The MD5 of no bytes, and no object here is empty.
_NO_OBJECTS_ETAG = hashlib.md5(b"", usedforsecurity=False).hexdigest()
_CHECKSUM_LETTERS = 44


@dataclass(frozen=True, slots=True)
class ObjectOptions:
    """What S3 is asked to do with the objects that it keeps. Never an ACL: the bucket's policy decides.

    Attributes:
        encryption: ``AES256`` or ``aws:kms``, or None for the bucket's own.
        kms_key_id: Key of ``aws:kms``, or None for the account's default key.
        storage_class: Such as ``STANDARD_IA``, or None for the bucket's own.
    """

    encryption: str | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The same as boto3 calls it."""
        named = {
            "ServerSideEncryption": self.encryption,
            "SSEKMSKeyId": self.kms_key_id,
            "StorageClass": self.storage_class,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What S3 says of an object without sending it.

    Attributes:
        key: Its key.
        etag: Its entity tag, without quotes; often the MD5 of its bytes, but not always.
        size: In bytes.
        sha256: Of its bytes, in hexadecimal digits; None where S3 didn't say.
    """

    key: str
    etag: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that this process may write to.

    Attributes:
        client: boto3's S3 client.
        name: The bucket.
        retry_policy: For what boto3's own retries leave over.
        options: For every object that is written.
        secrets: What S3 knows and no error may repeat.
    """

    client: "S3Client"
    name: str
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    options: ObjectOptions = field(default_factory=ObjectOptions)
    secrets: tuple[Secret, ...] = ()

    def put_immutable(self, key: str, content: bytes, content_type: str) -> bool:
        """Write an object that no later call changes, and ask S3 for its hash.

        Args:
            key: Of the object.
            content: Its bytes.
            content_type: Its media type.

        Returns:
            True when this call made the object, False when it was there with the same content.

        Raises:
            S3ConflictError: It is there with other content.
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        try:
            self._put(key, content, content_type, {"IfNoneMatch": "*"})
        except ConditionFailedError:
            made = False
        else:
            made = True
        self._require(key, content)
        return made

    def replace(self, key: str, content: bytes, content_type: str, etag: str | None) -> str:
        """Write an object, or replace it whole, unless it changed meanwhile; and ask S3 for its hash.

        So a request of a process that is long dead can't put older content in the place of newer.

        Args:
            key: The object.
            content: Its new bytes.
            content_type: Its media type.
            etag: Of the object in whose place it goes; None where there is none yet.

        Returns:
            The entity tag that S3 gave it.

        Raises:
            ConditionFailedError: It isn't that object any more.
            S3ConflictError: S3 keeps other bytes than were sent.
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        # Without its quotes: Ceph 16 compares them too, and AWS takes either.
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        written = self._put(key, content, content_type, condition)
        found = self.find(key)
        if found and found.etag == written:
            self._require(key, content, found)
        return written

    def require_conditional_writes(self, key: str, content: bytes, content_type: str) -> None:
        """Write an immutable object, and see the store refuse to write it again on two conditions.

        A store that takes ``If-None-Match`` without knowing it would overwrite what must never change; one
        that doesn't know ``If-Match`` would put older content in the place of newer.

        Args:
            key: Of the object.
            content: Its bytes.
            content_type: Its media type.

        Raises:
            S3RefusedError: The store wrote it again, or refused the request for another reason.
            S3ConflictError: It is there with other content.
            S3UnavailableError: No usable answer from S3, after all tries.
        """
        found = self.find(key)
        if found:
            self._require(key, content, found)
        else:
            self.put_immutable(key, content, content_type)
        # Should it be written nevertheless, its bytes are the same.
        for header, condition in (
            ("If-None-Match", {"IfNoneMatch": "*"}),
            ("If-Match", {"IfMatch": _NO_OBJECTS_ETAG}),
        ):
            try:
                self._put(key, content, content_type, condition)
            except ConditionFailedError:
                continue
            raise S3RefusedError(
                f"the store of {self.location(key)} overwrites objects in spite of {header}",
                code="ConditionIgnored",
                hint="use a store with conditional writes; docs/s3.md names what is needed",
            )

    def find(self, key: str) -> StoredObject | None:
        """What S3 says of an object, or None when there is none.

        Raises:
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        head = self._call(key, lambda: self._head(key))
        if head is None:
            return None
        # With a dash and a number behind it, it is a hash of the parts' hashes, which says nothing of ours.
        checksum = head.get("ChecksumSHA256", "")
        return StoredObject(
            key=key,
            etag=_bare(head.get("ETag", "")),
            size=head["ContentLength"],
            sha256=b64decode(checksum).hex() if len(checksum) == _CHECKSUM_LETTERS else None,
        )

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose keys begin with ``prefix``, by key, a thousand a request.

        Raises:
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        position: dict[str, Any] = {}
        while True:
            page = self._call(prefix, lambda: self._list_page(prefix, position))  # noqa: B023 (called at once)
            for entry in page.get("Contents", []):
                yield StoredObject(entry["Key"], _bare(entry.get("ETag", "")), entry["Size"])
            if not page.get("IsTruncated"):
                return
            position = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, key: str) -> None:
        """Delete an object; where there is none, nothing happens.

        Raises:
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request, as without the permission s3:DeleteObject.
        """
        self._call(key, lambda: self.client.delete_object(Bucket=self.name, Key=key))

    def holds(self, found: StoredObject, content: bytes) -> bool:
        """Whether an object has this content: by the hash that S3 computed, or by reading it.

        Raises:
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        return found.size == len(content) and self._sha256(found) == hashlib.sha256(content).hexdigest()

    def location(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.name}/{key}"

    def _put(self, key: str, content: bytes, content_type: str, condition: dict[str, Any]) -> str:
        checksum = b64encode(hashlib.sha256(content).digest()).decode()
        answer = self._call(
            key,
            lambda: self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=content,
                ContentType=content_type,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                **condition,
                **self.options.parameters(),
            ),
        )
        return _bare(answer.get("ETag", ""))

    def _head(self, key: str) -> Any:  # noqa: ANN401 (boto3's answer)
        from botocore.exceptions import ClientError

        try:
            return self.client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if is_missing(error):
                return None
            if is_unexplained(error):
                # The answer to a HEAD has no body; that to a GET says why.
                self.client.get_object(Bucket=self.name, Key=key, Range="bytes=0-0")
            raise

    def _list_page(self, prefix: str, position: dict[str, Any]) -> Any:  # noqa: ANN401 (boto3's answer)
        return self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, **position)

    def _require(self, key: str, content: bytes, found: StoredObject | None = None) -> None:
        found = found or self.find(key)
        if found is None:
            raise S3UnavailableError(f"{self.location(key)} was deleted while it was written")
        if not self.holds(found, content):
            raise S3ConflictError(
                self.location(key),
                expected_sha256=hashlib.sha256(content).hexdigest(),
                found_sha256=self._sha256(found),
            )

    def _sha256(self, found: StoredObject) -> str:
        if found.sha256:
            return found.sha256
        try:
            body: bytes = self._call(found.key, lambda: self._get(found.key))
        except ConditionFailedError as error:
            raise S3UnavailableError(f"{self.location(found.key)} was deleted while it was read") from error
        return hashlib.sha256(body).hexdigest()

    def _get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def _call(self, key: str, function: Callable[[], Any]) -> Any:  # noqa: ANN401 (boto3's answer)
        return self.retry_policy.call(lambda: self._call_once(key, function))

    def _call_once(self, key: str, function: Callable[[], Any]) -> Any:  # noqa: ANN401 (boto3's answer)
        with translated_failures(self.location(key), self.secrets):
            return function()


@dataclass(frozen=True, slots=True)
class S3Account:
    """Who this process is for S3, and where S3 is.

    Attributes:
        session: boto3's session, with credentials or without.
        endpoint_url: An S3-compatible store, or None to leave it to boto3 (``AWS_ENDPOINT_URL``, else AWS).
        connection: The Airflow connection that both come from, or None for the environment.
    """

    session: "boto3.Session"
    endpoint_url: str | None
    connection: str | None = None

    @classmethod
    def from_environment(cls) -> "S3Account":
        """Credentials by the ordinary AWS chain: environment, profile, ``~/.aws``, role.

        Raises:
            S3SettingsError: The profile doesn't exist, or ``~/.aws`` can't be read.
        """
        with refusing_unusable_settings():
            import boto3

            return cls(boto3.Session(), None)

    def open_bucket(self, name: str, endpoint_url: str | None) -> Bucket | None:
        """The bucket ``name``, or None when there are no credentials.

        Args:
            name: The bucket.
            endpoint_url: What the spec says; goes before the account's own.

        Raises:
            S3SettingsError: Settings or credentials can't be used.
            S3UnavailableError: Who gives the credentials can't be reached.
        """
        from botocore.config import Config

        endpoint_name, connection = self._endpoint_name(endpoint_url), self.connection
        with refusing_unusable_settings(endpoint_name, connection):
            credentials = self.session.get_credentials()
            if credentials is None:
                return None
            # Some are fetched only now, which is better done before a request than in the midst of it.
            keys = credentials.get_frozen_credentials()
            require_usable_keys(keys)
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=_CONNECTIONS,
        )
        with refusing_unusable_settings(endpoint_name, connection):
            client = self.session.client("s3", endpoint_url=endpoint_url or self.endpoint_url, config=config)
            require_usable_address(client.meta.endpoint_url, endpoint_name)
        secrets = tuple(Secret(text) for text in (keys.secret_key, keys.token) if text)
        return Bucket(client, name, secrets=secrets)

    def _endpoint_name(self, endpoint_url: str | None) -> str:
        """What the store's address is written in, for people."""
        if endpoint_url:
            return "s3.endpoint_url"
        return f"endpoint_url of the connection {self.connection}" if self.connection else ENDPOINT_VARIABLES


def _bare(etag: str) -> str:
    return etag.strip('"')
