"""EventBridge event buses. Schema: terraform-provider-aws, internal/service/events/bus.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import (
    properties_of,
    request_members,
    tag_changes,
    tag_list,
    tags_of,
    with_tags,
)
from rollback_plugin.embedded.provider.values import Properties

_BUS = (
    Property("eventSourceName", api="EventSourceName", replaces=True, readable=False),
    Property("name", api="Name", replaces=True, autoname=Autoname()),
    Property("arn", api="Arn", output=True),
)


def _create(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating EventBridge Event Bus ({name})"):
        cloud.client("events").create_event_bus(**request_members(_BUS, inputs), Tags=tag_list(inputs.get("tagsAll")))
    return name


def _read(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("events")
    with saying(f"reading EventBridge Event Bus ({name})"):
        answer = found(client.describe_event_bus, Name=name)
        if answer is None:
            return None
        tags = tags_of(client.list_tags_for_resource(ResourceARN=answer["Arn"])["Tags"])
    return with_tags(properties_of(_BUS, answer), tags, known, cloud.default_tags)


def _update(cloud: Cloud, name: str, change: Change) -> None:
    client = cloud.client("events")
    changed, removed = tag_changes(change.old, change.new)
    with saying(f"updating EventBridge Event Bus ({name})"):
        if removed:
            client.untag_resource(ResourceARN=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceARN=change.old["arn"], Tags=tag_list(changed))


def _delete(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting EventBridge Event Bus ({name})"), missing_is_fine():
        cloud.client("events").delete_event_bus(Name=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:cloudwatch/eventBus:EventBus",
        "EventBridge Event Bus",
        _BUS,
        Operations(_create, _read, _update, _delete),
        tagged=True,
    ),
)
