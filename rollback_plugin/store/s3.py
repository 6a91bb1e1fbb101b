"""A store in an S3 bucket, or in anything that speaks S3 and keeps its promises.

It needs of the service: strong read-after-write and list consistency, and conditional writes (`If-None-Match: *`),
which Amazon S3 has (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import stamina
from botocore.exceptions import BotoCoreError, ClientError

from rollback_plugin.errors import ObjectExists, ObjectMissing
from rollback_plugin.store.keys import checked_key, key_problem
from rollback_plugin.store.s3_failures import error_code, is_passing, reading_failed, writing_failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2RequestTypeDef, PutObjectRequestTypeDef

_CREATION = "rollback-creation"
"""Metadata naming one call of `create`, so that a retry knows its own object from somebody else's."""

_patiently = stamina.RetryingCaller(attempts=5, timeout=30.0, wait_initial=0.1, wait_max=5.0, wait_jitter=0.5).on(
    is_passing
)
"""Calls something up to five times within 30 seconds, as long as its failures are of the kind that passes."""


class S3Store:
    """Each object is an object of `bucket`, under its key.

    `client` must not retry by itself: `create` has to know whether an earlier attempt may have got through.
    `encryption` holds `ServerSideEncryption` and `SSEKMSKeyId` for what is written, where the bucket's default won't
    do.
    """

    def __init__(self, client: "S3Client", bucket: str, encryption: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._encryption = dict(encryption or {})

    @property
    def location(self) -> str:
        return f"s3://{self._bucket}"

    def read(self, key: str) -> bytes:
        checked_key(key)
        try:
            return _patiently(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "NoSuchKey":
                raise ObjectMissing(
                    f"{self.location} has no object {key}. It was never written there, or somebody removed it."
                ) from None
            raise reading_failed(error, self.location) from error

    def write(self, key: str, data: bytes) -> None:
        request = self._put_request(checked_key(key), data)
        try:
            _patiently(lambda: self._client.put_object(**request))
        except (ClientError, BotoCoreError) as error:
            raise writing_failed(error, self.location) from error

    def create(self, key: str, data: bytes) -> None:
        creation = uuid.uuid4().hex
        attempts = itertools.count(1)
        request = self._put_request(checked_key(key), data)
        request["IfNoneMatch"] = "*"
        request["Metadata"] = {_CREATION: creation}
        try:
            _patiently(lambda: self._create_once(request, creation, retried=next(attempts) > 1))
        except (ClientError, BotoCoreError) as error:
            raise writing_failed(error, self.location) from error

    def _create_once(self, request: "PutObjectRequestTypeDef", creation: str, *, retried: bool) -> None:
        try:
            self._client.put_object(**request)
        except ClientError as error:
            if error_code(error) != "PreconditionFailed":
                raise
            # The answer to an earlier attempt may have been lost after S3 had kept the object.
            if retried and self._creation_of(request["Key"]) == creation:
                return
            raise ObjectExists(
                f"{self.location} already has an object {request['Key']}; it was left as it is."
            ) from None

    def _creation_of(self, key: str) -> str | None:
        return self._client.head_object(Bucket=self._bucket, Key=key)["Metadata"].get(_CREATION)

    def delete(self, key: str) -> None:
        checked_key(key)
        try:
            _patiently(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))
        except (ClientError, BotoCoreError) as error:
            raise writing_failed(error, self.location) from error

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        return (key for key, _ in self._listed(prefix, after))

    def revisions(self, prefix: str) -> Mapping[str, str]:
        return dict(self._listed(prefix, ""))

    def _listed(self, prefix: str, after: str) -> Iterator[tuple[str, str]]:
        """Keys, and the entity tags of what they have."""
        request: ListObjectsV2RequestTypeDef = {"Bucket": self._bucket, "Prefix": prefix}
        if after:
            request["StartAfter"] = after
        while True:
            try:
                page = _patiently(lambda: self._client.list_objects_v2(**request))
            except (ClientError, BotoCoreError) as error:
                raise reading_failed(error, self.location) from error
            for found in page.get("Contents", []):
                # Consoles make objects such as `folder/` to show a folder: no keys of ours.
                if key_problem(found["Key"]) is None:
                    yield found["Key"], found["ETag"]
            if not page["IsTruncated"]:
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def _put_request(self, key: str, data: bytes) -> "PutObjectRequestTypeDef":
        request: PutObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key, "Body": data}
        # The names and values were checked where the URL was read.
        request.update(self._encryption)  # type: ignore[typeddict-item]
        return request
