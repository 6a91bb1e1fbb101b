"""SSM parameters. Schema: terraform-provider-aws, internal/service/ssm/parameter.go."""

from collections.abc import Mapping

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import (
    properties_of,
    request_members,
    tag_changes,
    tag_list,
    tags_of,
    with_tags,
)
from rollback_plugin.embedded.provider.values import Properties, PropertyValue

_PARAMETER = (
    Property("allowedPattern", api="AllowedPattern"),
    Property("arn", api="ARN", computed=True),
    Property("dataType", api="DataType", computed=True, replaces=True),
    Property("description", api="Description"),
    Property("insecureValue", computed=True, conflicts_with=("value",)),
    Property("keyId", api="KeyId", computed=True),
    Property("name", api="Name", replaces=True, autoname=Autoname()),
    Property("overwrite", Kind.BOOLEAN, readable=False),
    Property("tier", api="Tier", computed=True),
    Property("type", api="Type", required=True),
    Property("value", computed=True, secret=True),
    Property("hasValueWo", Kind.BOOLEAN, output=True),
    Property("version", Kind.INTEGER, "Version", output=True),
)
_SECURE = "SecureString"


def _failures(inputs: Mapping[str, PropertyValue]) -> Mapping[str, str]:
    if inputs.get("value") is None and inputs.get("insecureValue") is None:
        return {"value": 'Invalid combination of arguments. "value": one of `insecure_value,value` must be specified'}
    return {}


def _put(cloud: Cloud, inputs: Properties, overwrite: bool, emptied: Mapping[str, str]) -> None:
    members = {**emptied, **request_members(_PARAMETER, inputs)}
    members.pop("ARN", None)
    if inputs["type"] != _SECURE:
        members.pop("KeyId", None)
    value = inputs.get("value") if inputs.get("value") is not None else inputs["insecureValue"]
    tags = {} if overwrite else {"Tags": tag_list(inputs.get("tagsAll"))}
    cloud.client("ssm").put_parameter(**members, Value=value, Overwrite=overwrite, **tags)


def _create(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating SSM Parameter ({name})"):
        _put(cloud, inputs, overwrite=False, emptied={})
    return name


def _read(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("ssm")
    with saying(f"reading SSM Parameter ({name})"):
        answer = found(client.get_parameter, Name=name, WithDecryption=True)
        if answer is None:
            return None
        described = client.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
        tags = tags_of(client.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])
    members = answer["Parameter"]
    state = properties_of(_PARAMETER, (described[0] if described else {}) | members)
    insecure = known.get("insecureValue") is not None and members["Type"] != _SECURE
    state["insecureValue" if insecure else "value"] = members["Value"]
    state["hasValueWo"] = False
    return with_tags(state, tags, known, cloud.default_tags)


def _update(cloud: Cloud, name: str, change: Change) -> None:
    client = cloud.client("ssm")
    with saying(f"updating SSM Parameter ({name})"):
        if change.changed - {"tags", "tagsAll", "overwrite"}:
            # As parameter.go: AWS keeps a description that isn't mentioned.
            emptied = {"Description": ""} if "description" in change.changed else {}
            _put(cloud, change.new, overwrite=True, emptied=emptied)
        changed, removed = tag_changes(change.old, change.new)
        if removed:
            client.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=removed)
        if changed:
            client.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tag_list(changed))


def _recomputed(changed: frozenset[str], _new: Mapping[str, PropertyValue]) -> frozenset[str]:
    """The CustomizeDiff in parameter.go."""
    return frozenset({"version"}) if changed & {"value", "insecureValue", "description"} else frozenset()


def _delete(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting SSM Parameter ({name})"), missing_is_fine():
        cloud.client("ssm").delete_parameter(Name=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:ssm/parameter:Parameter",
        "SSM Parameter",
        _PARAMETER,
        Operations(_create, _read, _update, _delete),
        tagged=True,
        recomputed=_recomputed,
        further_failures=_failures,
    ),
)
