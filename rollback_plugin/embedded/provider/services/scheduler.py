"""EventBridge Scheduler. Schemas: terraform-provider-aws, internal/service/scheduler/{schedule,schedule_group}.go."""

from datetime import UTC, datetime

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
from rollback_plugin.embedded.provider.values import Properties

_NAME = Property("name", api="Name", replaces=True, autoname=Autoname(), conflicts_with=("namePrefix",))
_NAME_PREFIX = Property("namePrefix", replaces=True, computed=True)

_GROUP = (
    _NAME,
    _NAME_PREFIX,
    Property("arn", api="Arn", output=True),
    Property("creationDate", output=True),
    Property("lastModificationDate", output=True),
    Property("state", api="State", output=True),
)


def _create_group(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating EventBridge Scheduler Schedule Group ({name})"):
        cloud.client("scheduler").create_schedule_group(Name=name, Tags=tag_list(inputs.get("tagsAll")))
    return name


def _read_group(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("scheduler")
    with saying(f"reading EventBridge Scheduler Schedule Group ({name})"):
        answer = found(client.get_schedule_group, Name=name)
        if answer is None:
            return None
        tags = tags_of(client.list_tags_for_resource(ResourceArn=answer["Arn"])["Tags"])
    state = properties_of(_GROUP, answer)
    for property_, member in (("creationDate", "CreationDate"), ("lastModificationDate", "LastModificationDate")):
        state[property_] = _date(answer[member])
    return with_tags(state, tags, known, cloud.default_tags)


def _date(moment: datetime) -> str:
    """RFC 3339, as upstream writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _update_group(cloud: Cloud, name: str, change: Change) -> None:
    client = cloud.client("scheduler")
    changed, removed = tag_changes(change.old, change.new)
    with saying(f"updating EventBridge Scheduler Schedule Group ({name})"):
        if removed:
            client.untag_resource(ResourceArn=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceArn=change.old["arn"], Tags=tag_list(changed))


def _delete_group(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting EventBridge Scheduler Schedule Group ({name})"), missing_is_fine():
        cloud.client("scheduler").delete_schedule_group(Name=name)


_TARGET_FIELDS = (
    Property("arn", api="Arn", required=True),
    Property(
        "deadLetterConfig",
        Kind.OBJECT,
        "DeadLetterConfig",
        fields=(Property("arn", api="Arn", required=True),),
    ),
    Property(
        "eventbridgeParameters",
        Kind.OBJECT,
        "EventBridgeParameters",
        fields=(
            Property("detailType", api="DetailType", required=True),
            Property("source", api="Source", required=True),
        ),
    ),
    Property("input", api="Input"),
    # Not computed upstream: SuppressMissingOptionalConfigurationBlock ignores what AWS sets.
    Property(
        "retryPolicy",
        Kind.OBJECT,
        "RetryPolicy",
        fields=(
            Property("maximumEventAgeInSeconds", Kind.INTEGER, "MaximumEventAgeInSeconds", default=86400),
            Property("maximumRetryAttempts", Kind.INTEGER, "MaximumRetryAttempts", default=185),
        ),
        computed=True,
    ),
    Property("roleArn", api="RoleArn", required=True),
    Property("sqsParameters", Kind.OBJECT, "SqsParameters", fields=(Property("messageGroupId", api="MessageGroupId"),)),
)
_SCHEDULE = (
    Property("actionAfterCompletion", api="ActionAfterCompletion", computed=True),
    Property("description", api="Description"),
    Property(
        "flexibleTimeWindow",
        Kind.OBJECT,
        "FlexibleTimeWindow",
        required=True,
        fields=(
            Property("maximumWindowInMinutes", Kind.INTEGER, "MaximumWindowInMinutes"),
            Property("mode", api="Mode", required=True),
        ),
    ),
    Property("groupName", api="GroupName", replaces=True, computed=True),
    Property("kmsKeyArn", api="KmsKeyArn"),
    _NAME,
    _NAME_PREFIX,
    Property("scheduleExpression", api="ScheduleExpression", required=True),
    Property("scheduleExpressionTimezone", api="ScheduleExpressionTimezone", default="UTC"),
    Property("state", api="State", default="ENABLED"),
    Property("target", Kind.OBJECT, "Target", required=True, fields=_TARGET_FIELDS),
    Property("arn", api="Arn", output=True),
)
_DEFAULT_GROUP = "default"


def _create_schedule(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating EventBridge Scheduler Schedule ({inputs['name']})"):
        cloud.client("scheduler").create_schedule(**request_members(_SCHEDULE, inputs))
    return f"{inputs.get('groupName') or _DEFAULT_GROUP}/{inputs['name']}"


def _read_schedule(cloud: Cloud, identifier: str, _known: Properties) -> Properties | None:
    group, _, name = identifier.partition("/")
    with saying(f"reading EventBridge Scheduler Schedule ({identifier})"):
        answer = found(cloud.client("scheduler").get_schedule, GroupName=group, Name=name)
    return None if answer is None else properties_of(_SCHEDULE, answer)


def _update_schedule(cloud: Cloud, identifier: str, change: Change) -> None:
    """All of it, as the API demands."""
    group, _, name = identifier.partition("/")
    members = request_members(_SCHEDULE, change.new) | {"GroupName": group, "Name": name}
    with saying(f"updating EventBridge Scheduler Schedule ({identifier})"):
        cloud.client("scheduler").update_schedule(**members)


def _delete_schedule(cloud: Cloud, identifier: str, _state: Properties) -> None:
    group, _, name = identifier.partition("/")
    with saying(f"deleting EventBridge Scheduler Schedule ({identifier})"), missing_is_fine():
        cloud.client("scheduler").delete_schedule(GroupName=group, Name=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        "EventBridge Scheduler Schedule Group",
        _GROUP,
        Operations(_create_group, _read_group, _update_group, _delete_group),
        tagged=True,
    ),
    ResourceType(
        "aws:scheduler/schedule:Schedule",
        "EventBridge Scheduler Schedule",
        _SCHEDULE,
        Operations(_create_schedule, _read_schedule, _update_schedule, _delete_schedule),
    ),
)
