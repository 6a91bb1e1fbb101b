"""Lambda layer versions. Schema: terraform-provider-aws, internal/service/lambda/layer_version.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members
from rollback_plugin.embedded.provider.values import Properties

from .lambda_functions import code_members

_LAYER = (
    Property("code", Kind.ARCHIVE, replaces=True, readable=False, conflicts_with=("s3Bucket",)),
    Property("compatibleArchitectures", Kind.SET, "CompatibleArchitectures", element=Property(""), replaces=True),
    Property("compatibleRuntimes", Kind.SET, "CompatibleRuntimes", element=Property(""), replaces=True),
    Property("description", api="Description", replaces=True),
    Property("layerName", required=True, replaces=True),
    Property("licenseInfo", api="LicenseInfo", replaces=True),
    Property("s3Bucket", replaces=True, readable=False),
    Property("s3Key", replaces=True, readable=False),
    Property("s3ObjectVersion", replaces=True, readable=False),
    Property("skipDestroy", Kind.BOOLEAN, default=False, replaces=True, readable=False),
    Property("sourceCodeHash", computed=True, replaces=True, readable=False),
    Property("arn", api="LayerVersionArn", output=True),
    Property("codeSha256", output=True),
    Property("createdDate", api="CreatedDate", output=True),
    Property("layerArn", api="LayerArn", output=True),
    Property("sourceCodeSize", Kind.INTEGER, output=True),
    Property("version", api="Version", output=True),
)


def _layer_key(arn: str) -> tuple[str, int]:
    name, version = arn.split(":")[6:8]
    return name, int(version)


def _create_layer(cloud: Cloud, inputs: Properties) -> str:
    name = inputs["layerName"]
    with saying(f"publishing Lambda Layer ({name}) Version"):
        answer = cloud.client("lambda").publish_layer_version(
            LayerName=name, Content=code_members(inputs), **request_members(_LAYER, inputs)
        )
    arn: str = answer["LayerVersionArn"]
    return arn


def _read_layer(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    name, version = _layer_key(arn)
    with saying(f"reading Lambda Layer ({name}) Version ({version})"):
        answer = found(cloud.client("lambda").get_layer_version, LayerName=name, VersionNumber=version)
    if answer is None:
        return None
    state = properties_of(_LAYER, answer)
    content = answer.get("Content", {})
    return state | {
        "layerName": name,
        "layerArn": arn.rsplit(":", 1)[0],
        "codeSha256": content.get("CodeSha256", ""),
        "sourceCodeSize": content.get("CodeSize", 0),
        "sourceCodeHash": known.get("sourceCodeHash", ""),
    }


def _update_layer(cloud: Cloud, arn: str, change: Change) -> None:
    """A layer version never changes: every property replaces it."""


def _delete_layer(cloud: Cloud, arn: str, state: Properties) -> None:
    if state.get("skipDestroy"):
        return
    name, version = _layer_key(arn)
    with saying(f"deleting Lambda Layer ({name}) Version ({version})"), missing_is_fine():
        cloud.client("lambda").delete_layer_version(LayerName=name, VersionNumber=version)


RESOURCE_TYPES = (
    ResourceType(
        "aws:lambda/layerVersion:LayerVersion",
        "Lambda Layer Version",
        _LAYER,
        Operations(_create_layer, _read_layer, _update_layer, _delete_layer),
    ),
)
