"""What the provider takes from its configuration, and that it never goes anywhere else."""

import json
from collections.abc import Callable

import pytest

from rollback_plugin.embedded.provider.cloud import Clients, Cloud
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.values import Properties
from rollback_plugin.errors import EmbeddedError


@pytest.mark.parametrize(
    ("properties", "environment", "region"),
    [
        ({"region": "eu-west-1"}, {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        ({}, {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-1"),
        ({}, {"AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ({}, {}, ""),
    ],
)
def test_the_region_is_the_configured_one_else_the_environments(
    properties: Properties, environment: dict[str, str], region: str
) -> None:
    assert Configuration.from_properties(properties, environment).region == region


@pytest.mark.parametrize("encode", [lambda value: value, json.dumps], ids=["plain", "JSON"])
def test_structured_settings_may_come_encoded(encode: Callable[[object], object]) -> None:
    properties = {
        "defaultTags": encode({"tags": {"team": "shop"}}),
        "endpoints": encode([{"sqs": "http://127.0.0.1:1"}]),
    }

    configuration = Configuration.from_properties(properties, {"AWS_ENDPOINT_URL": "http://127.0.0.1:2"})

    assert configuration.default_tags == {"team": "shop"}
    assert configuration.endpoint == "http://127.0.0.1:1"


def test_without_an_endpoint_nothing_is_called() -> None:
    cloud = Cloud(Clients(Configuration.from_properties({"region": "eu-west-1"}, {})), "eu-west-1")

    with pytest.raises(EmbeddedError, match="never calls the real one"):
        cloud.client("sqs")


def test_credentials_are_not_printed() -> None:
    configuration = Configuration.from_properties({"accessKey": "AKIA1", "secretKey": "s3cr3t", "token": "t0ken"}, {})

    assert not any(secret in repr(configuration) for secret in ("AKIA1", "s3cr3t", "t0ken"))
