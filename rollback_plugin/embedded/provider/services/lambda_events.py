"""What calls Lambda functions: URLs, permissions and event sources.

Schemas: terraform-provider-aws, internal/service/lambda/{function_url,permission,event_source_mapping}.go.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties, PropertyValue

from .lambda_functions import function_name_of, same_function

FRONT_URL_VARIABLE = "ROLLBACK_EMBEDDED_LAMBDA_URL"
"""Where the embedded Lambda runtime answers HTTP; a function's URL is `<it>/<function>/<qualifier>/`."""

_TEXT = Property("")


def _texts(name: str, api: str) -> Property:
    return Property(name, Kind.SET, api, element=_TEXT)


_URL = (
    Property("authorizationType", api="AuthType", required=True),
    Property(
        "cors",
        Kind.OBJECT,
        "Cors",
        fields=(
            Property("allowCredentials", Kind.BOOLEAN, "AllowCredentials"),
            _texts("allowHeaders", "AllowHeaders"),
            _texts("allowMethods", "AllowMethods"),
            _texts("allowOrigins", "AllowOrigins"),
            _texts("exposeHeaders", "ExposeHeaders"),
            Property("maxAge", Kind.INTEGER, "MaxAge"),
        ),
    ),
    Property("functionName", required=True, replaces=True, equivalent=same_function),
    Property("invokeMode", api="InvokeMode", default="BUFFERED"),
    Property("qualifier", replaces=True),
    Property("functionArn", api="FunctionArn", output=True),
    Property("functionUrl", output=True),
    Property("urlId", output=True),
)


def _qualifier(qualifier: str | None) -> dict[str, str]:
    return {"Qualifier": qualifier} if qualifier else {}


def _url_key(identifier: str) -> tuple[str, str]:
    function, _, qualifier = identifier.partition("/")
    return function, qualifier


def _create_url(cloud: Cloud, inputs: Properties) -> str:
    function, qualifier = inputs["functionName"], inputs.get("qualifier")
    with saying(f"creating Lambda Function URL ({function})"):
        cloud.client("lambda").create_function_url_config(
            FunctionName=function, **_qualifier(qualifier), **request_members(_URL, inputs)
        )
    return f"{function}/{qualifier}" if qualifier else str(function)


def _read_url(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    function, qualifier = _url_key(identifier)
    with saying(f"reading Lambda Function URL ({identifier})"):
        answer = found(cloud.client("lambda").get_function_url_config, FunctionName=function, **_qualifier(qualifier))
    if answer is None:
        return None
    state = properties_of(_URL, answer)
    if not answer.get("Cors"):
        state.pop("cors", None)
    state.setdefault("invokeMode", "BUFFERED")
    state["functionName"] = known.get("functionName", function)
    if qualifier:
        state["qualifier"] = qualifier
    front = os.environ.get(FRONT_URL_VARIABLE)
    aws_url: str = answer["FunctionUrl"]
    url = f"{front.rstrip('/')}/{function_name_of(function)}/{qualifier or '$LATEST'}/" if front else aws_url
    return state | {"functionUrl": url, "urlId": aws_url.removeprefix("https://").split(".", 1)[0]}


def _update_url(cloud: Cloud, identifier: str, change: Change) -> None:
    function, qualifier = _url_key(identifier)
    members = {"Cors": {}} | request_members(_URL, change.new)
    with saying(f"updating Lambda Function URL ({identifier})"):
        cloud.client("lambda").update_function_url_config(FunctionName=function, **_qualifier(qualifier), **members)


def _delete_url(cloud: Cloud, identifier: str, _state: Properties) -> None:
    function, qualifier = _url_key(identifier)
    with saying(f"deleting Lambda Function URL ({identifier})"), missing_is_fine():
        cloud.client("lambda").delete_function_url_config(FunctionName=function, **_qualifier(qualifier))


_PERMISSION = (
    Property("action", api="Action", required=True, replaces=True),
    Property("eventSourceToken", api="EventSourceToken", replaces=True),
    Property("function", required=True, replaces=True, equivalent=same_function),
    Property("functionUrlAuthType", api="FunctionUrlAuthType", replaces=True),
    Property("principal", api="Principal", required=True, replaces=True),
    Property("principalOrgId", api="PrincipalOrgID", replaces=True),
    Property("qualifier", api="Qualifier", replaces=True),
    Property("sourceAccount", api="SourceAccount", replaces=True),
    Property("sourceArn", api="SourceArn", replaces=True),
    Property(
        "statementId", api="StatementId", replaces=True, autoname=Autoname(100), conflicts_with=("statementIdPrefix",)
    ),
    Property("statementIdPrefix", replaces=True, computed=True),
)
_CONDITION_KEYS = {
    "sourceArn": ("ArnLike", "AWS:SourceArn"),
    "sourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "principalOrgId": ("StringEquals", "aws:PrincipalOrgID"),
    "functionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "eventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
}


def _create_permission(cloud: Cloud, inputs: Properties) -> str:
    statement: str = inputs["statementId"]
    with saying(f"adding Lambda Permission ({inputs['function']}/{statement})"):
        cloud.client("lambda").add_permission(FunctionName=inputs["function"], **request_members(_PERMISSION, inputs))
    return statement


def _read_permission(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    function, qualifier, statement_id = known.get("function"), known.get("qualifier"), identifier
    if function is None:
        place, _, statement_id = identifier.partition("/")
        function, _, qualifier = place.partition(":")
    with saying(f"reading Lambda Permission ({function}/{statement_id})"):
        answer = found(cloud.client("lambda").get_policy, FunctionName=function, **_qualifier(qualifier))
    if answer is None:
        return None
    statements = {each["Sid"]: each for each in json.loads(answer["Policy"])["Statement"]}
    statement = statements.get(statement_id)
    if statement is None:
        return None
    state: Properties = {
        "statementId": statement_id,
        "function": function,
        "action": statement["Action"],
        "principal": _principal(statement["Principal"]),
    }
    if qualifier:
        state["qualifier"] = qualifier
    for name, (operator, key) in _CONDITION_KEYS.items():
        value = statement.get("Condition", {}).get(operator, {}).get(key)
        if value is not None:
            state[name] = value
    return state


def _principal(principal: Any) -> PropertyValue:
    if isinstance(principal, str):
        return principal
    return principal.get("Service") or principal.get("AWS")


def _update_permission(cloud: Cloud, identifier: str, change: Change) -> None:
    """Every property replaces, so there is nothing to update."""


def _delete_permission(cloud: Cloud, identifier: str, state: Properties) -> None:
    with saying(f"removing Lambda Permission ({state['function']}/{identifier})"), missing_is_fine():
        cloud.client("lambda").remove_permission(
            FunctionName=state["function"], StatementId=identifier, **_qualifier(state.get("qualifier"))
        )


_MAPPING = (
    Property("batchSize", Kind.INTEGER, "BatchSize", computed=True),
    Property("bisectBatchOnFunctionError", Kind.BOOLEAN, "BisectBatchOnFunctionError"),
    Property(
        "destinationConfig",
        Kind.OBJECT,
        "DestinationConfig",
        fields=(
            Property(
                "onFailure",
                Kind.OBJECT,
                "OnFailure",
                fields=(Property("destinationArn", api="Destination", required=True),),
            ),
        ),
    ),
    Property("enabled", Kind.BOOLEAN, default=True),
    Property("eventSourceArn", api="EventSourceArn", replaces=True),
    Property(
        "filterCriteria",
        Kind.OBJECT,
        "FilterCriteria",
        fields=(
            Property(
                "filters",
                Kind.SET,
                "Filters",
                element=Property("", Kind.OBJECT, fields=(Property("pattern", api="Pattern"),)),
            ),
        ),
    ),
    Property("functionName", api="FunctionName", required=True, equivalent=same_function),
    Property("functionResponseTypes", Kind.SET, "FunctionResponseTypes", element=_TEXT),
    Property("maximumBatchingWindowInSeconds", Kind.INTEGER, "MaximumBatchingWindowInSeconds"),
    Property("maximumRecordAgeInSeconds", Kind.INTEGER, "MaximumRecordAgeInSeconds", computed=True),
    Property("maximumRetryAttempts", Kind.INTEGER, "MaximumRetryAttempts", computed=True),
    Property("parallelizationFactor", Kind.INTEGER, "ParallelizationFactor", computed=True),
    Property(
        "scalingConfig",
        Kind.OBJECT,
        "ScalingConfig",
        fields=(Property("maximumConcurrency", Kind.INTEGER, "MaximumConcurrency"),),
    ),
    Property("startingPosition", api="StartingPosition", replaces=True),
    Property("tumblingWindowInSeconds", Kind.INTEGER, "TumblingWindowInSeconds"),
    Property("arn", api="EventSourceMappingArn", output=True),
    Property("functionArn", api="FunctionArn", output=True),
    Property("lastModified", output=True),
    Property("lastProcessingResult", api="LastProcessingResult", output=True),
    Property("state", api="State", output=True),
    Property("stateTransitionReason", api="StateTransitionReason", output=True),
    Property("uuid", api="UUID", output=True),
)


def _create_mapping(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating Lambda Event Source Mapping ({inputs.get('eventSourceArn', '')})"):
        answer = cloud.client("lambda").create_event_source_mapping(
            **request_members(_MAPPING, inputs), Enabled=inputs["enabled"], Tags=inputs.get("tagsAll") or {}
        )
    identifier: str = answer["UUID"]
    return identifier


def _read_mapping(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    client = cloud.client("lambda")
    with saying(f"reading Lambda Event Source Mapping ({identifier})"):
        answer = found(client.get_event_source_mapping, UUID=identifier)
    if answer is None:
        return None
    state = properties_of(_MAPPING, answer)
    modified = answer.get("LastModified")
    state |= {
        "enabled": answer.get("State") in ("Enabled", "Enabling"),
        "functionName": known.get("functionName", answer["FunctionArn"]),
        "lastModified": modified.strftime("%Y-%m-%dT%H:%M:%SZ") if modified is not None else "",
    }
    return with_tags(state, known.get("tagsAll") or {}, known, cloud.default_tags)


_WHEN_REMOVED: Mapping[str, Any] = {
    "bisectBatchOnFunctionError": False,
    "destinationConfig": {},
    "filterCriteria": {},
    "functionResponseTypes": [],
    "maximumBatchingWindowInSeconds": 0,
    "scalingConfig": {},
    "tumblingWindowInSeconds": 0,
}
"""What takes a setting away; AWS keeps what an update leaves out (event_source_mapping.go)."""


def _update_mapping(cloud: Cloud, identifier: str, change: Change) -> None:
    client, new = cloud.client("lambda"), change.new
    members = request_members(_MAPPING, new)
    for fixed in ("EventSourceArn", "StartingPosition"):
        members.pop(fixed, None)
    removed_members = {
        each.api: _WHEN_REMOVED[each.name]
        for each in _MAPPING
        if each.name in _WHEN_REMOVED and each.name in change.changed and new.get(each.name) is None
    }
    with saying(f"updating Lambda Event Source Mapping ({identifier})"):
        client.update_event_source_mapping(UUID=identifier, Enabled=new["enabled"], **members, **removed_members)
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(Resource=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(Resource=change.old["arn"], Tags=changed)


def _delete_mapping(cloud: Cloud, identifier: str, _state: Properties) -> None:
    with saying(f"deleting Lambda Event Source Mapping ({identifier})"), missing_is_fine():
        cloud.client("lambda").delete_event_source_mapping(UUID=identifier)


RESOURCE_TYPES = (
    ResourceType(
        "aws:lambda/functionUrl:FunctionUrl",
        "Lambda Function URL",
        _URL,
        Operations(_create_url, _read_url, _update_url, _delete_url),
    ),
    ResourceType(
        "aws:lambda/permission:Permission",
        "Lambda Permission",
        _PERMISSION,
        Operations(_create_permission, _read_permission, _update_permission, _delete_permission),
    ),
    ResourceType(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "Lambda Event Source Mapping",
        _MAPPING,
        Operations(_create_mapping, _read_mapping, _update_mapping, _delete_mapping),
        tagged=True,
    ),
)
