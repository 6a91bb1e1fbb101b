"""What a person is told, and what is tried again, when S3 says no. The answers are injected where botocore gets
them."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import stamina
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from rollback_plugin.errors import MissingCredentials, RollbackPluginError, StoreReadOnly, StoreUnreachable
from rollback_plugin.store.s3 import S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5):
        yield


@pytest.fixture
def client() -> "S3Client":
    return boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def answers(client: "S3Client") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def attempt(store: S3Store, method: str) -> Any:
    match method:
        case "get_object":
            return store.read("a")
        case "list_objects_v2":
            return list(store.list())
        case "put_object":
            return store.create("a", b"")
        case _:
            return store.delete("a")


READING = ("get_object", "list_objects_v2")
WRITING = ("put_object", "delete_object")


@pytest.mark.parametrize("code", ["AccessDenied", "AllAccessDisabled", "403"])
@pytest.mark.parametrize("method", WRITING)
def test_given_no_right_to_write_then_the_store_is_read_only(
    client: "S3Client", answers: Stubber, method: str, code: str
) -> None:
    answers.add_client_error(method, code, http_status_code=403)

    with pytest.raises(StoreReadOnly, match=r"s3://bucket.*s3:PutObject"):
        attempt(S3Store(client, "bucket"), method)


@pytest.mark.parametrize(
    ("method", "code", "status", "error", "said"),
    [
        *((method, "AccessDenied", 403, StoreUnreachable, "s3:ListBucket") for method in READING),
        *((method, "NoSuchBucket", 404, StoreUnreachable, "no such bucket") for method in (*READING, *WRITING)),
        *((method, "PermanentRedirect", 301, StoreUnreachable, r"\?region=") for method in (*READING, *WRITING)),
        *((method, "ExpiredToken", 400, MissingCredentials, "Log in again") for method in (*READING, *WRITING)),
        *((method, "InvalidAccessKeyId", 403, MissingCredentials, "Log in again") for method in (*READING, *WRITING)),
        *((method, "MalformedXML", 400, StoreUnreachable, "MalformedXML") for method in (*READING, *WRITING)),
    ],
)
def test_given_a_refusal_then_the_message_names_the_bucket_and_the_way_out(
    client: "S3Client",
    answers: Stubber,
    method: str,
    code: str,
    status: int,
    error: type[RollbackPluginError],
    said: str,
) -> None:
    answers.add_client_error(method, code, http_status_code=status)

    with pytest.raises(error, match=rf"(?s)s3://bucket.*{said}"):
        attempt(S3Store(client, "bucket"), method)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SlowDown", 503),
        ("InternalError", 500),
        ("RequestTimeout", 400),
        ("ConditionalRequestConflict", 409),
        ("Throttling", 400),
        ("anything", 502),
        ("anything", 429),
    ],
)
def test_given_a_failure_that_passes_then_it_is_asked_again(
    client: "S3Client", answers: Stubber, code: str, status: int
) -> None:
    for _ in range(4):
        answers.add_client_error("get_object", code, http_status_code=status)
    answers.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"kept"), 4)})

    assert S3Store(client, "bucket").read("a") == b"kept"


@pytest.mark.parametrize("method", [*READING, *WRITING])
def test_given_a_failure_that_does_not_pass_then_it_ends_as_unreachable(
    client: "S3Client", answers: Stubber, method: str
) -> None:
    for _ in range(5):
        answers.add_client_error(method, "SlowDown", http_status_code=503)

    with pytest.raises(StoreUnreachable, match=r"s3://bucket.*SlowDown"):
        attempt(S3Store(client, "bucket"), method)


@pytest.mark.parametrize("method", [*READING, *WRITING])
def test_given_no_credentials_then_the_message_says_how_to_give_them(client: "S3Client", method: str) -> None:
    def refuse(**_: object) -> None:
        raise NoCredentialsError

    client.meta.events.register("before-call.s3", refuse)

    with pytest.raises(MissingCredentials, match="AWS_PROFILE"):
        attempt(S3Store(client, "bucket"), method)


@pytest.mark.parametrize("method", [*READING, *WRITING])
def test_given_no_network_then_it_is_asked_five_times_and_ends_as_unreachable(client: "S3Client", method: str) -> None:
    asked = []

    def refuse(**_: object) -> None:
        asked.append(method)
        raise EndpointConnectionError(endpoint_url="https://s3.example")

    client.meta.events.register("before-call.s3", refuse)

    with pytest.raises(StoreUnreachable, match=r"https://s3\.example"):
        attempt(S3Store(client, "bucket"), method)
    assert len(asked) == 5
