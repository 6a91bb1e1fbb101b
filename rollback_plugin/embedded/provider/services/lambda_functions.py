"""Lambda functions, aliases and layers.

Schemas: terraform-provider-aws, internal/service/lambda/{function,alias,layer_version}.go.
"""

from collections.abc import Mapping
from typing import Any

from rollback_plugin.embedded.provider.assets import zip_bytes
from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties, PropertyValue

_TEXT = Property("")


def _nested(name: str, api: str, *fields: Property, computed: bool = False) -> Property:
    return Property(name, Kind.OBJECT, api, fields=fields, computed=computed)


_FUNCTION = (
    Property("architectures", Kind.LIST, "Architectures", element=_TEXT, computed=True),
    Property("code", Kind.ARCHIVE, readable=False, conflicts_with=("s3Bucket", "imageUri")),
    Property("codeSha256", api="CodeSha256", computed=True),
    _nested("deadLetterConfig", "DeadLetterConfig", Property("targetArn", api="TargetArn", required=True)),
    Property("description", api="Description"),
    _nested("environment", "Environment", Property("variables", Kind.MAP, "Variables", element=_TEXT)),
    _nested(
        "ephemeralStorage", "EphemeralStorage", Property("size", Kind.INTEGER, "Size", computed=True), computed=True
    ),
    Property("handler", api="Handler"),
    Property("imageUri", readable=False),
    Property("kmsKeyArn", api="KMSKeyArn"),
    Property("layers", Kind.LIST, element=_TEXT),
    _nested(
        "loggingConfig",
        "LoggingConfig",
        Property("logFormat", api="LogFormat", required=True),
        Property("applicationLogLevel", api="ApplicationLogLevel", default=""),
        Property("logGroup", api="LogGroup", computed=True),
        Property("systemLogLevel", api="SystemLogLevel", default=""),
        computed=True,
    ),
    Property("memorySize", Kind.INTEGER, "MemorySize", default=128),
    Property("name", api="FunctionName", replaces=True, autoname=Autoname(64)),
    Property("packageType", api="PackageType", replaces=True, default="Zip"),
    Property("publish", Kind.BOOLEAN, default=False, readable=False),
    Property("reservedConcurrentExecutions", Kind.INTEGER, default=-1),
    Property("role", api="Role", required=True),
    Property("runtime", api="Runtime"),
    Property("s3Bucket", readable=False),
    Property("s3Key", readable=False),
    Property("s3ObjectVersion", readable=False),
    Property("skipDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("sourceCodeHash", computed=True, readable=False),
    Property("timeout", Kind.INTEGER, "Timeout", default=3),
    _nested("tracingConfig", "TracingConfig", Property("mode", api="Mode", required=True), computed=True),
    Property("arn", api="FunctionArn", output=True),
    Property("invokeArn", output=True),
    Property("lastModified", api="LastModified", output=True),
    Property("qualifiedArn", output=True),
    Property("qualifiedInvokeArn", output=True),
    Property("responseStreamingInvokeArn", output=True),
    Property("signingJobArn", api="SigningJobArn", output=True),
    Property("signingProfileVersionArn", api="SigningProfileVersionArn", output=True),
    Property("sourceCodeSize", Kind.INTEGER, "CodeSize", output=True),
    Property("version", output=True),
)
_CODE = ("code", "codeSha256", "sourceCodeHash", "s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "architectures")
_CONFIGURATION = (
    "description",
    "handler",
    "loggingConfig",
    "memorySize",
    "role",
    "timeout",
    "kmsKeyArn",
    "layers",
    "deadLetterConfig",
    "tracingConfig",
    "runtime",
    "environment",
    "ephemeralStorage",
)
_CREATED_WITH = (*_CONFIGURATION, "name", "packageType", "architectures")
_WHEN_REMOVED: Mapping[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Environment": {"Variables": {}},
    "Layers": [],
    "Description": "",
    "KMSKeyArn": "",
}


def _recomputed(changed: frozenset[str], new: Mapping[str, PropertyValue]) -> frozenset[str]:
    """updateComputedAttributesOnPublish in internal/service/lambda/function.go."""
    code_changed = not changed.isdisjoint(_CODE)
    unknown = {"lastModified"} if code_changed else set()
    if new.get("publish") is True and (code_changed or not changed.isdisjoint((*_CONFIGURATION, "publish"))):
        unknown |= {"version", "qualifiedArn", "qualifiedInvokeArn"}
    return frozenset(unknown)


def _function_failures(inputs: Mapping[str, PropertyValue]) -> Mapping[str, str]:
    if inputs.get("packageType") == "Zip" and not (inputs.get("handler") and inputs.get("runtime")):
        return {"handler": "handler and runtime must be set when PackageType is Zip"}
    if not any(inputs.get(name) is not None for name in ("code", "s3Bucket", "imageUri")):
        return {"code": 'Invalid combination of arguments. "code": one of `code,image_uri,s3_bucket` must be specified'}
    return {}


def _code_members(inputs: Properties) -> dict[str, Any]:
    if inputs.get("code") is not None:
        return {"ZipFile": zip_bytes(inputs["code"])}
    if inputs.get("imageUri"):
        return {"ImageUri": inputs["imageUri"]}
    names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {member: inputs[name] for name, member in names.items() if inputs.get(name)}


def _configuration_members(inputs: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    members = request_members(_FUNCTION, inputs, names)
    if "layers" in names and inputs.get("layers"):
        members["Layers"] = inputs["layers"]
    return members


def _create_function(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating Lambda Function ({name})"):
        cloud.client("lambda").create_function(
            **_configuration_members(inputs, _CREATED_WITH),
            Code=_code_members(inputs),
            Publish=inputs["publish"],
            Tags=inputs.get("tagsAll") or {},
        )
    return name


def _settle_function(cloud: Cloud, name: str, inputs: Properties) -> None:
    if inputs["reservedConcurrentExecutions"] >= 0:
        _set_concurrency(cloud, name, inputs["reservedConcurrentExecutions"])


def _set_concurrency(cloud: Cloud, name: str, reserved: int) -> None:
    client = cloud.client("lambda")
    with saying(f"setting Lambda Function ({name}) concurrency"):
        if reserved >= 0:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
        else:
            client.delete_function_concurrency(FunctionName=name)


def _read_function(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("lambda")
    with saying(f"reading Lambda Function ({name})"):
        answer = found(client.get_function, FunctionName=name)
        if answer is None:
            return None
        versions = [
            each
            for page in client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
            for each in page["Versions"]
        ]
    latest = max(versions, key=lambda each: int(each["Version"]) if each["Version"].isdigit() else 0)
    members = answer["Configuration"]
    state = properties_of(_FUNCTION, members)
    arn, qualified_arn = state["arn"], _qualified(state["arn"], latest["Version"])
    if not (members.get("Environment") or {}).get("Variables"):
        state.pop("environment", None)
    if not (members.get("DeadLetterConfig") or {}).get("TargetArn"):
        state.pop("deadLetterConfig", None)
    state |= {
        "layers": [each["Arn"] for each in members.get("Layers") or []],
        "reservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
        "invokeArn": _invoke_arn(cloud, arn),
        "qualifiedArn": qualified_arn,
        "qualifiedInvokeArn": _invoke_arn(cloud, qualified_arn),
        "responseStreamingInvokeArn": _streaming_invoke_arn(cloud, arn),
        "version": latest["Version"],
        "sourceCodeHash": known.get("sourceCodeHash", ""),
    }
    state.setdefault("tracingConfig", {"mode": "PassThrough"})
    return with_tags(state, answer.get("Tags") or {}, known, cloud.default_tags)


def _qualified(arn: str, version: str) -> str:
    return f"{arn}:{version}"


def _gateway(cloud: Cloud) -> str:
    return f"arn:aws:apigateway:{cloud.region}:lambda"


def _invoke_arn(cloud: Cloud, arn: str) -> str:
    return f"{_gateway(cloud)}:path/2015-03-31/functions/{arn}/invocations"


def _streaming_invoke_arn(cloud: Cloud, arn: str) -> str:
    return f"{_gateway(cloud)}:path/2021-11-15/functions/{arn}/response-streaming-invocations"


def _update_function(cloud: Cloud, name: str, change: Change) -> None:
    client, new = cloud.client("lambda"), change.new
    code_changed, configuration_changed = change.any_of(*_CODE), change.any_of(*_CONFIGURATION)
    if configuration_changed:
        names = tuple(each for each in _CONFIGURATION if each in change.changed)
        removed = {
            each.api or "Layers": _WHEN_REMOVED[each.api or "Layers"]
            for each in _FUNCTION
            if each.name in names and new.get(each.name) is None and (each.api or "Layers") in _WHEN_REMOVED
        }
        with saying(f"updating Lambda Function ({name}) configuration"):
            client.update_function_configuration(FunctionName=name, **removed, **_configuration_members(new, names))
    if code_changed:
        architectures = {"Architectures": new["architectures"]} if new.get("architectures") else {}
        with saying(f"updating Lambda Function ({name}) code"):
            client.update_function_code(FunctionName=name, **architectures, **_code_members(new))
    if change.any_of("reservedConcurrentExecutions"):
        _set_concurrency(cloud, name, new["reservedConcurrentExecutions"])
    if new["publish"] and (code_changed or configuration_changed or change.any_of("publish")):
        with saying(f"publishing Lambda Function ({name}) version"):
            client.publish_version(FunctionName=name)
    changed_tags, removed_tags = tag_changes(change.old, new)
    with saying(f"updating tags for Lambda Function ({name})"):
        if removed_tags:
            client.untag_resource(Resource=change.old["arn"], TagKeys=removed_tags)
        if changed_tags:
            client.tag_resource(Resource=change.old["arn"], Tags=changed_tags)


def _delete_function(cloud: Cloud, name: str, state: Properties) -> None:
    if state.get("skipDestroy"):
        return
    with saying(f"deleting Lambda Function ({name})"), missing_is_fine():
        cloud.client("lambda").delete_function(FunctionName=name)


def function_name_of(name_or_arn: str) -> str:
    """The plain name in a function name, a full ARN, or either with a qualifier."""
    parts = name_or_arn.split(":")
    return parts[6] if name_or_arn.startswith("arn:") and len(parts) > 6 else parts[0]


def same_function(old: PropertyValue, new: PropertyValue) -> bool:
    """suppressEquivalentFunctionNameOrARN in internal/service/lambda."""
    return isinstance(old, str) and isinstance(new, str) and function_name_of(old) == function_name_of(new)


_ALIAS = (
    Property("description", api="Description"),
    Property("functionName", api="FunctionName", required=True, replaces=True, equivalent=same_function),
    Property("functionVersion", api="FunctionVersion", required=True),
    Property("name", api="Name", replaces=True, autoname=Autoname()),
    _nested(
        "routingConfig",
        "RoutingConfig",
        Property("additionalVersionWeights", Kind.MAP, "AdditionalVersionWeights", element=Property("", Kind.NUMBER)),
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
        "invokeArn": _invoke_arn(cloud, answer["AliasArn"]),
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


_LAYER = (
    Property("code", Kind.ARCHIVE, replaces=True, readable=False, conflicts_with=("s3Bucket",)),
    Property("compatibleArchitectures", Kind.SET, "CompatibleArchitectures", element=_TEXT, replaces=True),
    Property("compatibleRuntimes", Kind.SET, "CompatibleRuntimes", element=_TEXT, replaces=True),
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
            LayerName=name, Content=_code_members(inputs), **request_members(_LAYER, inputs)
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
        "aws:lambda/function:Function",
        "Lambda Function",
        _FUNCTION,
        Operations(_create_function, _read_function, _update_function, _delete_function, _settle_function),
        tagged=True,
        recomputed=_recomputed,
        further_failures=_function_failures,
    ),
    ResourceType(
        "aws:lambda/alias:Alias",
        "Lambda Alias",
        _ALIAS,
        Operations(_create_alias, _read_alias, _update_alias, _delete_alias),
    ),
    ResourceType(
        "aws:lambda/layerVersion:LayerVersion",
        "Lambda Layer Version",
        _LAYER,
        Operations(_create_layer, _read_layer, _update_layer, _delete_layer),
    ),
)
