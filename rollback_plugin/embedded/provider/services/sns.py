"""SNS topics and subscriptions. Schemas: terraform-provider-aws, internal/service/sns/{topic,topic_subscription}.go."""

from typing import Any

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

_TOPIC = (
    Property("contentBasedDeduplication", Kind.BOOLEAN, "ContentBasedDeduplication", default=False),
    Property("deliveryPolicy", Kind.JSON, "DeliveryPolicy"),
    Property("displayName", api="DisplayName"),
    Property("fifoThroughputScope", api="FifoThroughputScope", computed=True),
    Property("fifoTopic", Kind.BOOLEAN, "FifoTopic", default=False, replaces=True),
    Property("kmsMasterKeyId", api="KmsMasterKeyId"),
    Property(
        "name",
        replaces=True,
        autoname=Autoname(80, suffix_when=("fifoTopic", ".fifo")),
        conflicts_with=("namePrefix",),
    ),
    Property("namePrefix", replaces=True, computed=True),
    Property("policy", Kind.JSON, "Policy", computed=True),
    Property("signatureVersion", Kind.INTEGER, "SignatureVersion", computed=True),
    Property("tracingConfig", api="TracingConfig", computed=True),
    Property("arn", api="TopicArn", output=True),
    Property("beginningArchiveTime", api="BeginningArchiveTime", output=True),
    Property("owner", api="Owner", output=True),
)
_FIFO_ONLY = ("FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope")


def _attributes(members: dict[str, Any], fifo: bool) -> dict[str, str]:
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in members.items()
        if fifo or name not in _FIFO_ONLY
    }


def _create_topic(cloud: Cloud, inputs: Properties) -> str:
    name = inputs["name"]
    with saying(f"creating SNS Topic ({name})"):
        answer = cloud.client("sns").create_topic(
            Name=name,
            Attributes=_attributes(request_members(_TOPIC, inputs), inputs["fifoTopic"]),
            Tags=tag_list(inputs.get("tagsAll")),
        )
    arn: str = answer["TopicArn"]
    return arn


def _read_topic(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    client = cloud.client("sns")
    with saying(f"reading SNS Topic ({arn})"):
        answer = found(client.get_topic_attributes, TopicArn=arn)
        if answer is None:
            return None
        tags = tags_of(client.list_tags_for_resource(ResourceArn=arn)["Tags"])
    state: Properties = {"fifoTopic": False, "contentBasedDeduplication": False}
    state |= properties_of(_TOPIC, answer["Attributes"]) | {"name": arn.rsplit(":", 1)[-1]}
    if not state.get("deliveryPolicy"):
        state.pop("deliveryPolicy", None)
    return with_tags(state, tags, known, cloud.default_tags)


def _update_topic(cloud: Cloud, arn: str, change: Change) -> None:
    client, new = cloud.client("sns"), change.new
    with saying(f"updating SNS Topic ({arn})"):
        for each in _TOPIC:
            if each.api and each.name in change.changed:
                written = _attributes(request_members(_TOPIC, new, {each.name}), bool(new["fifoTopic"]))
                client.set_topic_attributes(
                    TopicArn=arn, AttributeName=each.api, AttributeValue=written.get(each.api, "")
                )
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(ResourceArn=arn, TagKeys=removed)
        if changed:
            client.tag_resource(ResourceArn=arn, Tags=tag_list(changed))


def _delete_topic(cloud: Cloud, arn: str, _state: Properties) -> None:
    with saying(f"deleting SNS Topic ({arn})"), missing_is_fine():
        cloud.client("sns").delete_topic(TopicArn=arn)


_SUBSCRIPTION = (
    Property("confirmationTimeoutInMinutes", Kind.INTEGER, default=1, readable=False),
    Property("deliveryPolicy", Kind.JSON, "DeliveryPolicy"),
    Property("endpoint", api="Endpoint", required=True, replaces=True),
    Property("endpointAutoConfirms", Kind.BOOLEAN, default=False, readable=False),
    Property("filterPolicy", Kind.JSON, "FilterPolicy"),
    Property("filterPolicyScope", api="FilterPolicyScope", computed=True),
    Property("protocol", api="Protocol", required=True, replaces=True),
    Property("rawMessageDelivery", Kind.BOOLEAN, "RawMessageDelivery", default=False),
    Property("redrivePolicy", Kind.JSON, "RedrivePolicy"),
    Property("subscriptionRoleArn", api="SubscriptionRoleArn"),
    Property("topic", api="TopicArn", required=True, replaces=True),
    Property("arn", api="SubscriptionArn", output=True),
    Property("confirmationWasAuthenticated", Kind.BOOLEAN, "ConfirmationWasAuthenticated", output=True),
    Property("ownerId", api="Owner", output=True),
    Property("pendingConfirmation", Kind.BOOLEAN, "PendingConfirmation", output=True),
)
_SUBSCRIPTION_ATTRIBUTES = (
    "deliveryPolicy",
    "filterPolicy",
    "filterPolicyScope",
    "rawMessageDelivery",
    "redrivePolicy",
    "subscriptionRoleArn",
)


def _create_subscription(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating SNS Topic Subscription ({inputs['topic']})"):
        answer = cloud.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_attributes(request_members(_SUBSCRIPTION, inputs, _SUBSCRIPTION_ATTRIBUTES), fifo=True),
            ReturnSubscriptionArn=True,
        )
    arn: str = answer["SubscriptionArn"]
    return arn


def _read_subscription(cloud: Cloud, arn: str, _known: Properties) -> Properties | None:
    with saying(f"reading SNS Topic Subscription ({arn})"):
        answer = found(cloud.client("sns").get_subscription_attributes, SubscriptionArn=arn)
    if answer is None:
        return None
    attributes = {name: value for name, value in answer["Attributes"].items() if value not in ("", "{}")}
    state: Properties = {"rawMessageDelivery": False, "arn": arn}
    return state | properties_of(_SUBSCRIPTION, attributes)


def _update_subscription(cloud: Cloud, arn: str, change: Change) -> None:
    with saying(f"updating SNS Topic Subscription ({arn})"):
        for each in _SUBSCRIPTION:
            if each.name in _SUBSCRIPTION_ATTRIBUTES and each.name in change.changed:
                written = _attributes(request_members(_SUBSCRIPTION, change.new, {each.name}), fifo=True)
                cloud.client("sns").set_subscription_attributes(
                    SubscriptionArn=arn, AttributeName=each.api, AttributeValue=written.get(each.api, "")
                )


def _delete_subscription(cloud: Cloud, arn: str, _state: Properties) -> None:
    with saying(f"deleting SNS Topic Subscription ({arn})"), missing_is_fine():
        cloud.client("sns").unsubscribe(SubscriptionArn=arn)


RESOURCE_TYPES = (
    ResourceType(
        "aws:sns/topic:Topic",
        "SNS Topic",
        _TOPIC,
        Operations(_create_topic, _read_topic, _update_topic, _delete_topic),
        tagged=True,
    ),
    ResourceType(
        "aws:sns/topicSubscription:TopicSubscription",
        "SNS Topic Subscription",
        _SUBSCRIPTION,
        Operations(_create_subscription, _read_subscription, _update_subscription, _delete_subscription),
    ),
)
