"""Lambda aliases. Schema: terraform-provider-aws, internal/service/lambda/alias.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members
from rollback_plugin.embedded.provider.values import Properties

from .lambda_functions import function_name_of, invoke_arn, same_function

_ALIAS = (
    Property("description", api="Description"),
    Property("functionName", api="FunctionName", required=True, replaces=True, equivalent=same_function),
    Property("functionVersion", api="FunctionVersion", required=True),
    Property("name", api="Name", replaces=True, autoname=Autoname()),
    Property(
        "routingConfig",
        Kind.OBJECT,
        "RoutingConfig",
        fields=(
            Property(
                "additionalVersionWeights", Kind.MAP, "AdditionalVersionWeights", element=Property("", Kind.NUMBER)
            ),
        ),
    ),
    Property("arn", api="AliasArn", output=True),
    Property("invokeArn", output=True),
)


def _alias_key(arn: str) -> tuple[str, str]:
    if arn.startswith("arn:"):
        return function_name_of(arn), arn.rsplit(":", 1)[-1]
    function, name = arn.split("/", 1)
    return function, name


def _create_alias(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating Lambda Alias ({inputs['name']})"):
        answer = cloud.client("lambda").create_alias(**request_members(_ALIAS, inputs))
    arn: str = answer["AliasArn"]
    return arn


def _read_alias(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    function, name = _alias_key(identifier)
    with saying(f"reading Lambda Alias ({identifier})"):
        answer = found(cloud.client("lambda").get_alias, FunctionName=function, Name=name)
    if answer is None:
        return None
    state = properties_of(_ALIAS, answer)
    if not state.get("routingConfig", {}).get("additionalVersionWeights"):
        state.pop("routingConfig", None)
    return state | {
        "functionName": known.get("functionName", function),
        "invokeArn": invoke_arn(cloud, answer["AliasArn"]),
    }


def _update_alias(cloud: Cloud, identifier: str, change: Change) -> None:
    function, name = _alias_key(identifier)
    weights = (change.new.get("routingConfig") or {}).get("additionalVersionWeights") or {}
    with saying(f"updating Lambda Alias ({identifier})"):
        cloud.client("lambda").update_alias(
            FunctionName=function,
            Name=name,
            FunctionVersion=change.new["functionVersion"],
            Description=change.new.get("description", ""),
            RoutingConfig={"AdditionalVersionWeights": weights},
        )


def _delete_alias(cloud: Cloud, identifier: str, _state: Properties) -> None:
    function, name = _alias_key(identifier)
    with saying(f"deleting Lambda Alias ({identifier})"), missing_is_fine():
        cloud.client("lambda").delete_alias(FunctionName=function, Name=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:lambda/alias:Alias",
        "Lambda Alias",
        _ALIAS,
        Operations(_create_alias, _read_alias, _update_alias, _delete_alias),
    ),
)
