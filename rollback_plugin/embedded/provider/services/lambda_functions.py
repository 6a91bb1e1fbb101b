"""Lambda functions. Schema: terraform-provider-aws, internal/service/lambda/function.go."""

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


def code_members(inputs: Properties) -> dict[str, Any]:
    """Where the code of a function or layer comes from, as the API takes it."""
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
            Code=code_members(inputs),
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
        "invokeArn": invoke_arn(cloud, arn),
        "qualifiedArn": qualified_arn,
        "qualifiedInvokeArn": invoke_arn(cloud, qualified_arn),
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


def invoke_arn(cloud: Cloud, arn: str) -> str:
    """The ARN API Gateway invokes a function or alias by."""
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
            client.update_function_code(FunctionName=name, **architectures, **code_members(new))
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
)
