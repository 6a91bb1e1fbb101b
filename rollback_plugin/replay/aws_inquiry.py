"""Asks AWS whether old artefacts are still there, by calls that read nothing but their existence."""

from collections.abc import Callable, Mapping
from typing import Any

from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.errors import CloudError
from rollback_plugin.replay.artefacts import Artefact, ArtefactKind
from rollback_plugin.replay.preconditions import Existence

# AWS's words for "there is no such thing", from the errors section of each call in the services' API references.
NOT_THERE = frozenset({"ResourceNotFoundException", "ImageNotFoundException", "RepositoryNotFoundException"})
NO_TASK_DEFINITION = "Unable to describe task definition"
"""ECS says ClientException for much, and this for a task definition it doesn't have."""
CLIENTS: Mapping[ArtefactKind, str] = {
    ArtefactKind.FUNCTION_VERSION: "lambda",
    ArtefactKind.LAYER_VERSION: "lambda",
    ArtefactKind.TASK_DEFINITION: "ecs",
    ArtefactKind.IMAGE: "ecr",
    ArtefactKind.SECRET_VERSION: "secretsmanager",
}


class AwsInquiry:
    """`Cloud` as the real one answers."""

    def __init__(self, clients: Callable[[str], AwsClients]) -> None:
        """clients: of a profile, or of the environment where that is empty."""
        self._clients = clients

    def has_credentials(self, profile: str) -> bool:
        """Whether boto3 finds any; they aren't tried."""
        return self._clients(profile).has_credentials()

    def existence(self, artefact: Artefact, profile: str) -> Existence:
        """One call, or for a secret one a page. See `Cloud`."""
        from botocore.exceptions import BotoCoreError, ClientError

        if not artefact.region:
            return Existence(None, "its region isn't known")
        try:
            client = self._clients(profile).client(CLIENTS[artefact.kind], artefact.region)
            return Existence(_ASK[artefact.kind](client, artefact))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            message = error.response.get("Error", {}).get("Message", "")
            if code in NOT_THERE or NO_TASK_DEFINITION in message:
                return Existence(False)
            return Existence(None, f"AWS answered {code}")
        except (BotoCoreError, CloudError) as error:
            return Existence(None, f"AWS could not be asked ({type(error).__name__})")


def _function_version(client: Any, artefact: Artefact) -> bool:
    client.get_function_configuration(FunctionName=artefact.name, Qualifier=artefact.version)
    return True


def _layer_version(client: Any, artefact: Artefact) -> bool:
    client.get_layer_version(LayerName=artefact.name, VersionNumber=int(artefact.version))
    return True


def _task_definition(client: Any, artefact: Artefact) -> bool:
    """A deregistered one can still be read, but no service can be pointed to it
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html)."""
    found = client.describe_task_definition(taskDefinition=artefact.name)
    return bool(found["taskDefinition"].get("status") != "INACTIVE")


def _image(client: Any, artefact: Artefact) -> bool:
    image = {"imageDigest" if artefact.version.startswith("sha256:") else "imageTag": artefact.version}
    client.describe_images(registryId=artefact.account, repositoryName=artefact.name, imageIds=[image])
    return True


def _secret_version(client: Any, artefact: Artefact) -> bool:
    token: dict[str, str] = {}
    while True:
        page = client.list_secret_version_ids(SecretId=artefact.name, IncludeDeprecated=True, **token)
        if any(version["VersionId"] == artefact.version for version in page["Versions"]):
            return True
        if not page.get("NextToken"):
            return False
        token = {"NextToken": page["NextToken"]}


_ASK: Mapping[ArtefactKind, Callable[[Any, Artefact], bool]] = {
    ArtefactKind.FUNCTION_VERSION: _function_version,
    ArtefactKind.LAYER_VERSION: _layer_version,
    ArtefactKind.TASK_DEFINITION: _task_definition,
    ArtefactKind.IMAGE: _image,
    ArtefactKind.SECRET_VERSION: _secret_version,
}
