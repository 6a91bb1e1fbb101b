"""Which keys, profile, region and endpoint a client gets, from an environment that is given."""

from pathlib import Path

import pytest

from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import InvalidConfiguration, MissingCredentials

NOBODYS_FILES = {"AWS_CONFIG_FILE": "/nowhere/config", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials"}
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", **NOBODYS_FILES}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process has must not matter, so it has something else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of the process")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the process")
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def key_of(clients: AwsClients) -> str | None:
    signer = clients.cloudwatch()._request_signer  # type: ignore[attr-defined]
    return signer._credentials.access_key if signer._credentials else None


@pytest.mark.parametrize(
    ("environ", "default_region", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-3", "eu-west-3"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-2"),
    ],
)
def test_the_stacks_region_goes_before_the_environments(
    environ: dict[str, str], default_region: str | None, region: str
) -> None:
    clients = AwsClients({**KEYS, **environ}, default_region=default_region)

    assert clients.cloudwatch().meta.region_name == region


def test_without_a_region_the_person_is_told_where_to_set_it() -> None:
    with pytest.raises(InvalidConfiguration, match="aws:region"):
        AwsClients(KEYS).cloudwatch()


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:2"},
            "http://127.0.0.1:2",
        ),
    ],
)
def test_the_endpoint_is_the_environments(environ: dict[str, str], endpoint: str) -> None:
    assert AwsClients({**KEYS, **environ}).lambda_("eu-west-1").meta.endpoint_url == endpoint


def test_the_keys_are_those_of_the_environment_given() -> None:
    assert key_of(AwsClients({**KEYS, "AWS_REGION": "eu-west-1"})) == "key"


def test_a_profile_in_the_stacks_config_goes_before_keys_of_the_environment(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[shop]\naws_access_key_id = shops\naws_secret_access_key = secret\n")
    environ = {**KEYS, "AWS_REGION": "eu-west-1", "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}

    assert key_of(AwsClients(environ, profile="shop")) == "shops"


def test_a_profile_that_does_not_exist_is_named() -> None:
    with pytest.raises(MissingCredentials, match="nobody"):
        AwsClients({**KEYS, "AWS_REGION": "eu-west-1"}, profile="nobody").cloudwatch()


def test_a_client_is_made_once() -> None:
    clients = AwsClients(KEYS)

    assert clients.lambda_("eu-west-1") is clients.lambda_("eu-west-1")


def test_without_credentials_the_person_is_told_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = AwsClients(NOBODYS_FILES).lambda_("eu-west-1")

    with pytest.raises(MissingCredentials, match="AWS_PROFILE"), cloud_errors("list functions"):
        client.list_functions()
