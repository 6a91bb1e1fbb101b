"""What AWS is asked about an artefact, and what its answers mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.replay.artefacts import Artefact, ArtefactKind
from rollback_plugin.replay.aws_inquiry import CLIENTS, AwsInquiry
from rollback_plugin.replay.preconditions import Existence

REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
NOBODY = {"AWS_CONFIG_FILE": "/nowhere/config", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials"}
DIGEST = "sha256:" + "ab" * 32
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:libs"

FUNCTION_VERSION = Artefact(ArtefactKind.FUNCTION_VERSION, "orders", "3", REGION)
LAYER_VERSION = Artefact(ArtefactKind.LAYER_VERSION, LAYER, "12", REGION)
TASK_DEFINITION = Artefact(ArtefactKind.TASK_DEFINITION, "web:7", "", REGION)
IMAGE = Artefact(ArtefactKind.IMAGE, "web", DIGEST, REGION, ACCOUNT)
TAGGED = Artefact(ArtefactKind.IMAGE, "web", "v1", REGION, ACCOUNT)
SECRET_VERSION = Artefact(ArtefactKind.SECRET_VERSION, SECRET, "0" * 32, REGION, ACCOUNT)

ASKED: list[tuple[Artefact, str, dict[str, Any], dict[str, Any]]] = [
    (FUNCTION_VERSION, "get_function_configuration", {"FunctionName": "orders", "Qualifier": "3"}, {}),
    (LAYER_VERSION, "get_layer_version", {"LayerName": LAYER, "VersionNumber": 12}, {}),
    (
        TASK_DEFINITION,
        "describe_task_definition",
        {"taskDefinition": "web:7"},
        {"taskDefinition": {"status": "ACTIVE"}},
    ),
    (
        IMAGE,
        "describe_images",
        {"registryId": ACCOUNT, "repositoryName": "web", "imageIds": [{"imageDigest": DIGEST}]},
        {"imageDetails": []},
    ),
    (
        TAGGED,
        "describe_images",
        {"registryId": ACCOUNT, "repositoryName": "web", "imageIds": [{"imageTag": "v1"}]},
        {"imageDetails": []},
    ),
    (
        SECRET_VERSION,
        "list_secret_version_ids",
        {"SecretId": SECRET, "IncludeDeprecated": True},
        {"Versions": [{"VersionId": "0" * 32, "CreatedDate": datetime(2026, 3, 1, tzinfo=UTC)}]},
    ),
]


@contextmanager
def stubbed(artefact: Artefact) -> Iterator[tuple[AwsInquiry, Stubber]]:
    clients = AwsClients(KEYS)
    with Stubber(clients.client(CLIENTS[artefact.kind], REGION)) as stubber:
        yield AwsInquiry(lambda profile: clients), stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("artefact", "method", "request_", "response"), ASKED)
def test_an_artefact_is_there_when_aws_has_it(
    artefact: Artefact, method: str, request_: dict[str, Any], response: dict[str, Any]
) -> None:
    with stubbed(artefact) as (inquiry, stubber):
        stubber.add_response(method, response, request_)

        assert inquiry.existence(artefact, "") == Existence(True)


@pytest.mark.parametrize(
    ("artefact", "method", "code", "message"),
    [
        (FUNCTION_VERSION, "get_function_configuration", "ResourceNotFoundException", "Function not found"),
        (LAYER_VERSION, "get_layer_version", "ResourceNotFoundException", ""),
        (TASK_DEFINITION, "describe_task_definition", "ClientException", "Unable to describe task definition."),
        (IMAGE, "describe_images", "ImageNotFoundException", ""),
        (IMAGE, "describe_images", "RepositoryNotFoundException", ""),
        (SECRET_VERSION, "list_secret_version_ids", "ResourceNotFoundException", ""),
    ],
)
def test_an_artefact_is_gone_when_aws_says_so(artefact: Artefact, method: str, code: str, message: str) -> None:
    with stubbed(artefact) as (inquiry, stubber):
        stubber.add_client_error(method, code, message)

        assert inquiry.existence(artefact, "") == Existence(False)


def test_a_deregistered_task_definition_counts_as_gone() -> None:
    with stubbed(TASK_DEFINITION) as (inquiry, stubber):
        stubber.add_response("describe_task_definition", {"taskDefinition": {"status": "INACTIVE"}})

        assert inquiry.existence(TASK_DEFINITION, "") == Existence(False)


def test_a_secret_without_that_version_lacks_it() -> None:
    with stubbed(SECRET_VERSION) as (inquiry, stubber):
        asked = {"SecretId": SECRET, "IncludeDeprecated": True}
        page = {"Versions": [{"VersionId": "1" * 32}]}
        stubber.add_response("list_secret_version_ids", {**page, "NextToken": "more"}, asked)
        stubber.add_response("list_secret_version_ids", page, {**asked, "NextToken": "more"})

        assert inquiry.existence(SECRET_VERSION, "") == Existence(False)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ClientException"])
def test_any_other_refusal_leaves_it_open(code: str) -> None:
    with stubbed(TASK_DEFINITION) as (inquiry, stubber):
        stubber.add_client_error("describe_task_definition", code)

        assert inquiry.existence(TASK_DEFINITION, "") == Existence(None, f"AWS answered {code}")


def test_without_a_region_nobody_can_be_asked() -> None:
    nowhere = Artefact(ArtefactKind.FUNCTION_VERSION, "orders", "3")

    assert AwsInquiry(lambda profile: AwsClients(KEYS)).existence(nowhere, "") == Existence(
        None, "its region isn't known"
    )


def test_a_profile_that_does_not_exist_leaves_it_open() -> None:
    inquiry = AwsInquiry(lambda profile: AwsClients({**KEYS, **NOBODY}, profile=profile))

    assert inquiry.existence(FUNCTION_VERSION, "nobody") == Existence(
        None, "AWS could not be asked (MissingCredentials)"
    )
    assert not inquiry.has_credentials("nobody")


def test_credentials_are_looked_for_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert AwsInquiry(lambda profile: AwsClients(KEYS)).has_credentials("")
    assert not AwsInquiry(lambda profile: AwsClients(NOBODY)).has_credentials("")
