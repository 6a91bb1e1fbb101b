"""CloudWatch log groups and metric filters.

Schemas: terraform-provider-aws, internal/service/logs/{group,metric_filter}.go.
"""

from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties

_GROUP = (
    Property("deletionProtectionEnabled", Kind.BOOLEAN, "deletionProtectionEnabled", computed=True),
    Property("kmsKeyId", api="kmsKeyId"),
    Property("logGroupClass", api="logGroupClass", replaces=True, computed=True),
    Property("name", api="logGroupName", replaces=True, autoname=Autoname(), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("retentionInDays", Kind.INTEGER, "retentionInDays", default=0),
    Property("skipDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("arn", output=True),
)


def _create_group(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    tags = {"tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
    with saying(f"creating CloudWatch Logs Log Group ({name})"):
        cloud.client("logs").create_log_group(
            **request_members(_GROUP, inputs, ("name", "kmsKeyId", "logGroupClass", "deletionProtectionEnabled")),
            **tags,
        )
    return name


def _settle_group(cloud: Cloud, name: str, inputs: Properties) -> None:
    if inputs["retentionInDays"]:
        _set_retention(cloud, name, inputs["retentionInDays"])


def _set_retention(cloud: Cloud, name: str, days: int) -> None:
    client = cloud.client("logs")
    with saying(f"setting CloudWatch Logs Log Group ({name}) retention policy"):
        if days:
            client.put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            client.delete_retention_policy(logGroupName=name)


def _read_group(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("logs")
    with saying(f"reading CloudWatch Logs Log Group ({name})"):
        groups = [
            each
            for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
            for each in page["logGroups"]
            if each["logGroupName"] == name
        ]
        if not groups:
            return None
        arn = groups[0]["arn"].removesuffix(":*")
        tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    state = properties_of(_GROUP, groups[0]) | {"arn": arn}
    state.setdefault("retentionInDays", 0)
    return with_tags(state, tags, known, cloud.default_tags)


def _update_group(cloud: Cloud, name: str, change: Change) -> None:
    client, new = cloud.client("logs"), change.new
    if change.any_of("retentionInDays"):
        _set_retention(cloud, name, new["retentionInDays"])
    with saying(f"updating CloudWatch Logs Log Group ({name})"):
        if change.any_of("kmsKeyId"):
            if new.get("kmsKeyId"):
                client.associate_kms_key(logGroupName=name, kmsKeyId=new["kmsKeyId"])
            else:
                client.disassociate_kms_key(logGroupName=name)
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(resourceArn=change.old["arn"], tagKeys=removed)
        if changed:
            client.tag_resource(resourceArn=change.old["arn"], tags=changed)


def _delete_group(cloud: Cloud, name: str, state: Properties) -> None:
    if state.get("skipDestroy"):
        return
    with saying(f"deleting CloudWatch Logs Log Group ({name})"), missing_is_fine():
        cloud.client("logs").delete_log_group(logGroupName=name)


_FILTER = (
    Property("applyOnTransformedLogs", Kind.BOOLEAN, "applyOnTransformedLogs", computed=True),
    Property("logGroupName", api="logGroupName", required=True, replaces=True),
    Property(
        "metricTransformation",
        Kind.OBJECT,
        required=True,
        fields=(
            Property("defaultValue", api="defaultValue"),
            Property("dimensions", Kind.MAP, "dimensions", element=Property("")),
            Property("name", api="metricName", required=True),
            Property("namespace", api="metricNamespace", required=True),
            Property("unit", api="unit", default="None"),
            Property("value", api="metricValue", required=True),
        ),
    ),
    Property("name", api="filterName", replaces=True, autoname=Autoname()),
    Property("pattern", api="filterPattern", required=True),
)
_TRANSFORMATION = next(each for each in _FILTER if each.name == "metricTransformation")


def _put_filter(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    transformation: dict[str, Any] = request_members(_TRANSFORMATION.fields, inputs["metricTransformation"])
    if "defaultValue" in transformation:
        transformation["defaultValue"] = float(transformation["defaultValue"])
    with saying(f"putting CloudWatch Logs Metric Filter ({name})"):
        cloud.client("logs").put_metric_filter(
            **request_members(_FILTER, inputs), metricTransformations=[transformation]
        )
    return name


def _read_filter(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    group, name = known.get("logGroupName"), identifier
    if group is None:
        group, _, name = identifier.rpartition(":")
    with saying(f"reading CloudWatch Logs Metric Filter ({identifier})"):
        answer = found(cloud.client("logs").describe_metric_filters, logGroupName=group, filterNamePrefix=name)
    filters = [each for each in (answer or {}).get("metricFilters", ()) if each["filterName"] == name]
    if not filters:
        return None
    state = properties_of(_FILTER, filters[0])
    transformation = properties_of(_TRANSFORMATION.fields, filters[0]["metricTransformations"][0])
    transformation.setdefault("unit", "None")
    if "defaultValue" in transformation:
        transformation["defaultValue"] = f"{float(transformation['defaultValue']):g}"
    if transformation.get("dimensions") == {}:
        del transformation["dimensions"]
    return state | {"logGroupName": group, "metricTransformation": transformation}


def _update_filter(cloud: Cloud, identifier: str, change: Change) -> None:
    """Where CloudWatch Logs replaces a filter put under the same name, moto keeps both: the old one goes first."""
    _delete_filter(cloud, identifier, change.old)
    _put_filter(cloud, change.new)


def _delete_filter(cloud: Cloud, identifier: str, state: Properties) -> None:
    with saying(f"deleting CloudWatch Logs Metric Filter ({identifier})"), missing_is_fine():
        cloud.client("logs").delete_metric_filter(logGroupName=state["logGroupName"], filterName=state["name"])


RESOURCE_TYPES = (
    ResourceType(
        "aws:cloudwatch/logGroup:LogGroup",
        "CloudWatch Logs Log Group",
        _GROUP,
        Operations(_create_group, _read_group, _update_group, _delete_group, _settle_group),
        tagged=True,
    ),
    ResourceType(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "CloudWatch Logs Metric Filter",
        _FILTER,
        Operations(_put_filter, _read_filter, _update_filter, _delete_filter),
    ),
)
