"""EventBridge rules and targets. Schemas: terraform-provider-aws, internal/service/events/{rule,target}.go."""

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

_DEFAULT_BUS = "default"

_RULE = (
    Property("description", api="Description"),
    Property("eventBusName", api="EventBusName", replaces=True, default=_DEFAULT_BUS),
    Property("eventPattern", Kind.JSON, "EventPattern"),
    Property("forceDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("name", api="Name", replaces=True, autoname=Autoname(64), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("roleArn", api="RoleArn"),
    Property("scheduleExpression", api="ScheduleExpression"),
    Property("state", api="State", computed=True),
    Property("arn", api="Arn", output=True),
)


def _rule_key(identifier: str) -> tuple[str, str]:
    bus, _, name = identifier.rpartition("/")
    return bus or _DEFAULT_BUS, name


def _put_rule(cloud: Cloud, inputs: Properties) -> None:
    cloud.client("events").put_rule(**request_members(_RULE, inputs), Tags=tag_list(inputs.get("tagsAll")))


def _create_rule(cloud: Cloud, inputs: Properties) -> str:
    bus, name = inputs["eventBusName"], inputs["name"]
    with saying(f"creating EventBridge Rule ({name})"):
        _put_rule(cloud, inputs)
    return str(name) if bus == _DEFAULT_BUS else f"{bus}/{name}"


def _read_rule(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    client = cloud.client("events")
    bus, name = _rule_key(identifier)
    with saying(f"reading EventBridge Rule ({identifier})"):
        answer = found(client.describe_rule, Name=name, EventBusName=bus)
        if answer is None:
            return None
        tags = tags_of(client.list_tags_for_resource(ResourceARN=answer["Arn"])["Tags"])
    state = properties_of(_RULE, answer) | {"eventBusName": bus}
    return with_tags(state, tags, known, cloud.default_tags)


def _update_rule(cloud: Cloud, identifier: str, change: Change) -> None:
    client = cloud.client("events")
    with saying(f"updating EventBridge Rule ({identifier})"):
        if change.changed - {"tags", "tagsAll", "forceDestroy"}:
            _put_rule(cloud, change.new)
        changed, removed = tag_changes(change.old, change.new)
        if removed:
            client.untag_resource(ResourceARN=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceARN=change.old["arn"], Tags=tag_list(changed))


def _delete_rule(cloud: Cloud, identifier: str, state: Properties) -> None:
    bus, name = _rule_key(identifier)
    with saying(f"deleting EventBridge Rule ({identifier})"), missing_is_fine():
        cloud.client("events").delete_rule(Name=name, EventBusName=bus, Force=bool(state.get("forceDestroy")))


_TARGET = (
    Property("arn", api="Arn", required=True),
    Property("deadLetterConfig", Kind.OBJECT, "DeadLetterConfig", fields=(Property("arn", api="Arn"),)),
    Property("eventBusName", replaces=True, default=_DEFAULT_BUS),
    Property("forceDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("input", api="Input", conflicts_with=("inputPath", "inputTransformer")),
    Property("inputPath", api="InputPath", conflicts_with=("input", "inputTransformer")),
    Property(
        "inputTransformer",
        Kind.OBJECT,
        "InputTransformer",
        fields=(
            Property("inputPaths", Kind.MAP, "InputPathsMap", element=Property("")),
            Property("inputTemplate", api="InputTemplate", required=True),
        ),
    ),
    Property(
        "retryPolicy",
        Kind.OBJECT,
        "RetryPolicy",
        fields=(
            Property("maximumEventAgeInSeconds", Kind.INTEGER, "MaximumEventAgeInSeconds"),
            Property("maximumRetryAttempts", Kind.INTEGER, "MaximumRetryAttempts"),
        ),
    ),
    Property("roleArn", api="RoleArn"),
    Property("rule", required=True, replaces=True),
    Property("sqsTarget", Kind.OBJECT, "SqsParameters", fields=(Property("messageGroupId", api="MessageGroupId"),)),
    Property("targetId", api="Id", replaces=True, autoname=Autoname()),
)


def _target_id(bus: str, rule: str, target: str) -> str:
    return f"{rule}-{target}" if bus == _DEFAULT_BUS else f"{bus}-{rule}-{target}"


def _put_target(cloud: Cloud, inputs: Properties) -> str:
    bus, rule, target = inputs["eventBusName"], inputs["rule"], inputs["targetId"]
    identifier = _target_id(bus, rule, target)
    with saying(f"putting EventBridge Target ({identifier})"):
        cloud.client("events").put_targets(Rule=rule, EventBusName=bus, Targets=[request_members(_TARGET, inputs)])
    return identifier


def _target_key(identifier: str, known: Properties) -> tuple[str, str, str]:
    """Known from the state; on import the id is `[bus/]rule/target`, as the provider documents it."""
    if known.get("rule"):
        return known.get("eventBusName", _DEFAULT_BUS), known["rule"], known["targetId"]
    parts = identifier.rsplit("/", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) > 2 else (_DEFAULT_BUS, parts[0], parts[-1])


def _read_target(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    bus, rule, target = _target_key(identifier, known)
    with saying(f"reading EventBridge Target ({identifier})"):
        answer = found(cloud.client("events").list_targets_by_rule, Rule=rule, EventBusName=bus)
    targets = [each for each in (answer or {}).get("Targets", ()) if each["Id"] == target]
    if not targets:
        return None
    return properties_of(_TARGET, targets[0]) | {"rule": rule, "eventBusName": bus}


def _update_target(cloud: Cloud, _identifier: str, change: Change) -> None:
    _put_target(cloud, change.new)


def _delete_target(cloud: Cloud, identifier: str, state: Properties) -> None:
    bus, rule, target = _target_key(identifier, state)
    with saying(f"removing EventBridge Target ({identifier})"), missing_is_fine():
        cloud.client("events").remove_targets(Rule=rule, EventBusName=bus, Ids=[target])


RESOURCE_TYPES = (
    ResourceType(
        "aws:cloudwatch/eventRule:EventRule",
        "EventBridge Rule",
        _RULE,
        Operations(_create_rule, _read_rule, _update_rule, _delete_rule),
        tagged=True,
    ),
    ResourceType(
        "aws:cloudwatch/eventTarget:EventTarget",
        "EventBridge Target",
        _TARGET,
        Operations(_put_target, _read_target, _update_target, _delete_target),
    ),
)
