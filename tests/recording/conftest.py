"""A tracked project on each backend."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.recording.project import TrackedProject

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def project(tmp_path: Path) -> TrackedProject:
    (tmp_path / "state").mkdir()
    return TrackedProject(tmp_path, f"file://{tmp_path / 'state'}", {})


@pytest.fixture
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(params=["file", "s3"])
def project_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> TrackedProject:
    if request.param == "file":
        (tmp_path / "state").mkdir()
        return TrackedProject(tmp_path, f"file://{tmp_path / 'state'}", {})
    address = request.getfixturevalue("s3_address")
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{address}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    bucket = "state-of-" + tmp_path.name.replace("_", "-").lower()[-40:].strip("-")
    client.create_bucket(Bucket=bucket)
    url = f"s3://{bucket}?region=us-east-1&endpoint={address}&s3ForcePathStyle=true&disableSSL=true"
    return TrackedProject(tmp_path, url, CREDENTIALS)
