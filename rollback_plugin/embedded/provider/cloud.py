"""AWS as the provider reaches it: one client per service and region, and errors as the bridge words them."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rollback_plugin.errors import CloudError, EmbeddedError

from .configuration import Configuration

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.session import Session

NOT_FOUND_CODES = frozenset(
    {
        "ResourceNotFoundException",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "ResourceNotFound",
        "404",
        "NoSuchBucket",
        "NoSuchKey",
        "ParameterNotFound",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchWebsiteConfiguration",
        "OwnershipControlsNotFoundError",
        "NoSuchTagSet",
        "ClusterNotFoundException",
        "ServiceNotFoundException",
        "ObjectNotFoundException",
    }
)


@dataclass(frozen=True)
class Clients:
    """Clients, made when first used and kept, so that no service model is loaded for nothing."""

    configuration: Configuration
    made: dict[tuple[str, str], Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, service: str, region: str) -> Any:
        with self.lock:
            key = (service, region)
            if key not in self.made:
                self.made[key] = self._make(service, region)
            return self.made[key]

    @cached_property
    def _session(self) -> "Session":
        """One for all clients: each one's own would read the partitions and endpoints of all of AWS again. Without
        boto3, which adds nothing to a client but the transfers of S3, and time to every start."""
        from botocore.session import Session

        configuration = self.configuration
        session = Session()
        session.set_credentials(
            configuration.access_key or os.environ.get("AWS_ACCESS_KEY_ID", "embedded"),
            configuration.secret_key or os.environ.get("AWS_SECRET_ACCESS_KEY", "embedded"),
            configuration.token or os.environ.get("AWS_SESSION_TOKEN"),
        )
        return session

    def _make(self, service: str, region: str) -> Any:
        from botocore.config import Config

        configuration = self.configuration
        if not configuration.endpoint:
            raise EmbeddedError(
                "The stand-in aws provider has no endpoint: neither AWS_ENDPOINT_URL nor the provider's `endpoints` is "
                "set. It serves the embedded AWS only and never calls the real one; point AWS_ENDPOINT_URL "
                "at the embedded AWS."
            )
        make: Callable[..., Any] = self._session.create_client
        return make(
            service,
            region_name=region,
            endpoint_url=configuration.endpoint,
            config=Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"}),
        )


@dataclass(frozen=True)
class Cloud:
    """AWS in one region. Every attribute access of a client is a client of that service."""

    clients: Clients
    region: str

    def client(self, service: str) -> Any:
        return self.clients.get(service, self.region)

    def in_region(self, region: str) -> "Cloud":
        return replace(self, region=region)

    @property
    def account_id(self) -> str:
        account: str = self.client("sts").get_caller_identity()["Account"]
        return account

    @property
    def default_tags(self) -> dict[str, str]:
        return dict(self.clients.configuration.default_tags)


@contextmanager
def saying(doing: str) -> Iterator[None]:
    """Rewords what botocore raises as one line: `<doing>: operation error Lambda: CreateFunction, …`.

    Raises `CloudError`. Source of the wording: aws-sdk-go-v2, aws/transport/http and smithy-go OperationError.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise CloudError(f"{doing}: {_operation_error(error)}") from error
    except BotoCoreError as error:
        raise CloudError(f"{doing}: {' '.join(str(error).split())}") from error


def _operation_error(error: "ClientError") -> str:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    message = " ".join(str(details.get("Message", "")).split())
    return (
        f"operation error {error.operation_name}, https response error "
        f"StatusCode: {metadata.get('HTTPStatusCode', 0)}, "
        f"RequestID: {metadata.get('RequestId', '')}, {details.get('Code', 'UnknownError')}: {message}"
    )


def is_missing(error: "ClientError") -> bool:
    """Whether AWS says that the thing asked for does not exist."""
    return error.response.get("Error", {}).get("Code", "") in NOT_FOUND_CODES


@contextmanager
def missing_is_fine() -> Iterator[None]:
    """Lets AWS say that what is being deleted is gone already."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if not is_missing(error):
            raise


def found(call: Any, **arguments: Any) -> Any | None:
    """What `call(**arguments)` answers, None when AWS says the thing does not exist."""
    from botocore.exceptions import ClientError

    try:
        return call(**arguments)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
