"""A project on each backend that is supported."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.acceptance.project import PulumiProject


def file_backend(tmp_path: Path, aws: EmbeddedAws) -> str:
    state = tmp_path / "state"
    state.mkdir()
    return state.as_uri()


def s3_backend(tmp_path: Path, aws: EmbeddedAws) -> str:
    aws.client("s3").create_bucket(Bucket="pulumi-state")
    address = urlsplit(aws.endpoint_url).netloc
    return f"s3://pulumi-state?region={aws.region}&endpoint={address}&s3ForcePathStyle=true&disableSSL=true"


@pytest.fixture(params=[file_backend, s3_backend], ids=["file", "s3"])
def project(request: pytest.FixtureRequest, tmp_path: Path, embedded_aws: EmbeddedAws) -> PulumiProject:
    backend: Callable[[Path, EmbeddedAws], str] = request.param
    return PulumiProject(tmp_path / "shop", backend(tmp_path, embedded_aws), embedded_aws.environment)


@pytest.fixture
def file_project(tmp_path: Path, embedded_aws: EmbeddedAws) -> PulumiProject:
    return PulumiProject(tmp_path / "shop", file_backend(tmp_path, embedded_aws), embedded_aws.environment)
