"""An S3 bucket keeps the contract of a store, over HTTP; and what only S3 can get wrong."""

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import boto3
import pytest
import stamina
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from moto.server import ThreadedMotoServer

from rollback_plugin.errors import ObjectExists, StoreUnreachable
from rollback_plugin.store import ObjectStore, open_store
from rollback_plugin.store.s3 import S3Store
from tests.store.conformance import StoreConformance

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.embedded

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}

_numbers = itertools.count()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"{host}:{port}"
    finally:
        server.stop()


def new_client(endpoint: str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=f"http://{endpoint}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def shared_client(endpoint: str) -> "S3Client":
    return new_client(endpoint)


@pytest.fixture
def client(endpoint: str) -> "S3Client":
    """A client whose events a test may listen to."""
    return new_client(endpoint)


@pytest.fixture
def bucket(shared_client: "S3Client") -> str:
    name = f"bucket-{next(_numbers)}"
    shared_client.create_bucket(Bucket=name)
    return name


def url(bucket: str, endpoint: str, **parameters: str) -> str:
    return f"s3://{bucket}?{urlencode({'endpoint': endpoint, **(parameters or DEFAULTS)})}"


DEFAULTS = {"s3ForcePathStyle": "true", "disableSSL": "true"}


class TestS3Store(StoreConformance):
    @pytest.fixture
    def store(self, bucket: str, shared_client: "S3Client") -> ObjectStore:
        return S3Store(shared_client, bucket)

    @pytest.fixture
    def same_place(self, bucket: str, endpoint: str) -> Callable[[], ObjectStore]:
        return lambda: open_store(url(bucket, endpoint), ENVIRONMENT)

    @pytest.fixture
    def unreachable(self, shared_client: "S3Client") -> ObjectStore:
        return S3Store(shared_client, "no-such-bucket")


@pytest.mark.parametrize(
    "parameters",
    [
        {"s3ForcePathStyle": "true", "disableSSL": "true"},
        {"use_path_style": "true", "disable_https": "true"},
        {"use_path_style": "true", "disable_https": "true", "awssdk": "v2", "region": "us-east-1"},
        {"s3ForcePathStyle": "true", "disableSSL": "true", "ssetype": "AES256"},
    ],
    ids=urlencode,
)
def test_both_spellings_of_pulumis_parameters_reach_the_bucket(
    bucket: str, endpoint: str, client: "S3Client", parameters: dict[str, str]
) -> None:
    open_store(url(f"{bucket}/state", endpoint, **parameters), ENVIRONMENT).create("a", b"kept")

    assert client.get_object(Bucket=bucket, Key="state/a")["Body"].read() == b"kept"


def test_an_endpoint_with_its_scheme_needs_no_word_about_tls(bucket: str, endpoint: str) -> None:
    store = open_store(url(bucket, f"http://{endpoint}", s3ForcePathStyle="true"), ENVIRONMENT)

    store.create("a", b"kept")
    assert store.read("a") == b"kept"


def test_a_listing_of_several_pages_is_whole_and_in_order(bucket: str, client: "S3Client") -> None:
    expected = [f"journal/{number:08d}.json" for number in range(25)]
    client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=10)
    )
    store = S3Store(client, bucket)
    for key in expected:
        store.create(key, b"")

    assert list(store.list("journal/")) == expected
    assert list(store.list("journal/", after=expected[3])) == expected[4:]


def test_objects_that_consoles_make_to_show_a_folder_are_no_keys(bucket: str, client: "S3Client") -> None:
    client.put_object(Bucket=bucket, Key="journal/", Body=b"")
    store = S3Store(client, bucket)
    store.create("journal/1", b"")

    assert list(store.list()) == ["journal/1"]


class TestTheAnswerToACreateIsLost:
    """The request reached S3, and the connection broke before the answer came back."""

    @pytest.fixture(autouse=True)
    def lost_answer(self, client: "S3Client") -> Iterator[None]:
        lost = iter([True])

        def lose(**_: object) -> None:
            if next(lost, False):
                raise ConnectionClosedError(endpoint_url="the bucket")

        client.meta.events.register("after-call.s3.PutObject", lose)
        with stamina.set_testing(True, attempts=5):
            yield

    def test_when_the_object_was_kept_then_the_retry_knows_it_for_its_own(
        self, bucket: str, client: "S3Client"
    ) -> None:
        store = S3Store(client, bucket)

        store.create("a", b"ours")

        assert store.read("a") == b"ours"

    def test_when_somebody_else_had_the_key_then_the_retry_loses_even_with_the_same_bytes(
        self, bucket: str, endpoint: str, client: "S3Client"
    ) -> None:
        open_store(url(bucket, endpoint), ENVIRONMENT).create("a", b"the same")

        with pytest.raises(ObjectExists):
            S3Store(client, bucket).create("a", b"the same")


def test_given_a_closed_port_then_the_store_is_unreachable(unused_port: int) -> None:
    store = open_store(url("bucket", f"127.0.0.1:{unused_port}"), ENVIRONMENT)

    with stamina.set_testing(True, attempts=2), pytest.raises(StoreUnreachable, match="s3://bucket"):
        store.read("a")


@pytest.fixture
def unused_port() -> int:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    port = server.get_host_and_port()[1]
    server.stop()
    return port
