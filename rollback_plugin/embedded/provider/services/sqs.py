"""SQS queues and their policies. Schemas: terraform-provider-aws, internal/service/sqs/{queue,queue_policy}.go."""

from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties

_QUEUE = (
    Property("contentBasedDeduplication", Kind.BOOLEAN, "ContentBasedDeduplication", default=False),
    Property("deduplicationScope", api="DeduplicationScope", computed=True),
    Property("delaySeconds", Kind.INTEGER, "DelaySeconds", default=0),
    Property("fifoQueue", Kind.BOOLEAN, "FifoQueue", default=False, replaces=True),
    Property("fifoThroughputLimit", api="FifoThroughputLimit", computed=True),
    Property("kmsDataKeyReusePeriodSeconds", Kind.INTEGER, "KmsDataKeyReusePeriodSeconds", computed=True),
    Property("kmsMasterKeyId", api="KmsMasterKeyId", conflicts_with=("sqsManagedSseEnabled",)),
    Property("maxMessageSize", Kind.INTEGER, "MaximumMessageSize", default=262144),
    Property("messageRetentionSeconds", Kind.INTEGER, "MessageRetentionPeriod", default=345600),
    Property(
        "name",
        replaces=True,
        autoname=Autoname(80, suffix_when=("fifoQueue", ".fifo")),
        conflicts_with=("namePrefix",),
    ),
    Property("namePrefix", replaces=True, computed=True),
    Property("policy", Kind.JSON, "Policy", computed=True),
    Property("receiveWaitTimeSeconds", Kind.INTEGER, "ReceiveMessageWaitTimeSeconds", default=0),
    Property("redriveAllowPolicy", Kind.JSON, "RedriveAllowPolicy", computed=True),
    Property("redrivePolicy", Kind.JSON, "RedrivePolicy", computed=True),
    Property("sqsManagedSseEnabled", Kind.BOOLEAN, "SqsManagedSseEnabled", computed=True),
    Property("visibilityTimeoutSeconds", Kind.INTEGER, "VisibilityTimeout", default=30),
    Property("arn", api="QueueArn", output=True),
    Property("url", output=True),
)
_WHEN_UNANSWERED = {"fifoQueue": False, "contentBasedDeduplication": False, "kmsDataKeyReusePeriodSeconds": 300}
_FIFO_ONLY = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")


def _attributes(members: dict[str, Any], fifo: bool) -> dict[str, str]:
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in members.items()
        if fifo or name not in _FIFO_ONLY
    }


def _create_queue(cloud: Cloud, inputs: Properties) -> str:
    name = inputs["name"]
    with saying(f"creating SQS Queue ({name})"):
        answer = cloud.client("sqs").create_queue(
            QueueName=name,
            Attributes=_attributes(request_members(_QUEUE, inputs), inputs["fifoQueue"]),
            tags=inputs.get("tagsAll") or {},
        )
    url: str = answer["QueueUrl"]
    return url


def _read_queue(cloud: Cloud, url: str, known: Properties) -> Properties | None:
    client = cloud.client("sqs")
    with saying(f"reading SQS Queue ({url})"):
        answer = found(client.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
        if answer is None:
            return None
        tags = client.list_queue_tags(QueueUrl=url).get("Tags", {})
    state: Properties = dict(_WHEN_UNANSWERED) | properties_of(_QUEUE, answer["Attributes"])
    state |= {"name": state["arn"].rsplit(":", 1)[-1], "url": url}
    return with_tags(state, tags, known, cloud.default_tags)


def _update_queue(cloud: Cloud, url: str, change: Change) -> None:
    client, new = cloud.client("sqs"), change.new
    changed_names = {each.name for each in _QUEUE if each.name in change.changed and not each.replaces}
    attributes = _attributes(request_members(_QUEUE, new, changed_names), bool(new["fifoQueue"]))
    emptied = {each.api: "" for each in _QUEUE if each.name in changed_names and new.get(each.name) is None}
    with saying(f"updating SQS Queue ({url}) attributes"):
        if attributes or emptied:
            client.set_queue_attributes(QueueUrl=url, Attributes=emptied | attributes)
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_queue(QueueUrl=url, TagKeys=removed)
        if changed:
            client.tag_queue(QueueUrl=url, Tags=changed)


def _delete_queue(cloud: Cloud, url: str, _state: Properties) -> None:
    with saying(f"deleting SQS Queue ({url})"), missing_is_fine():
        cloud.client("sqs").delete_queue(QueueUrl=url)


_POLICY = (
    Property("policy", Kind.JSON, required=True, normalized=True),
    Property("queueUrl", required=True, replaces=True),
)


def _set_policy(cloud: Cloud, url: str, policy: str) -> None:
    with saying(f"setting SQS Queue Policy ({url})"):
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _create_policy(cloud: Cloud, inputs: Properties) -> str:
    url: str = inputs["queueUrl"]
    _set_policy(cloud, url, inputs["policy"])
    return url


def _read_policy(cloud: Cloud, url: str, _known: Properties) -> Properties | None:
    with saying(f"reading SQS Queue Policy ({url})"):
        answer = found(cloud.client("sqs").get_queue_attributes, QueueUrl=url, AttributeNames=["Policy"])
    policy = (answer or {}).get("Attributes", {}).get("Policy")
    return {"queueUrl": url, "policy": policy} if policy else None


def _update_policy(cloud: Cloud, url: str, change: Change) -> None:
    _set_policy(cloud, url, change.new["policy"])


def _delete_policy(cloud: Cloud, url: str, _state: Properties) -> None:
    with saying(f"deleting SQS Queue Policy ({url})"), missing_is_fine():
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


RESOURCE_TYPES = (
    ResourceType(
        "aws:sqs/queue:Queue",
        "SQS Queue",
        _QUEUE,
        Operations(_create_queue, _read_queue, _update_queue, _delete_queue),
        tagged=True,
    ),
    ResourceType(
        "aws:sqs/queuePolicy:QueuePolicy",
        "SQS Queue Policy",
        _POLICY,
        Operations(_create_policy, _read_policy, _update_policy, _delete_policy),
    ),
)
