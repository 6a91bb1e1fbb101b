"""The kinds of resources that generated programs are made of: the facts about each that the other modules need."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    constructor: str
    attributes: tuple[str, ...] = ()
    """Outputs that others may refer to."""
    needs: tuple[str, ...] = ()
    """Kinds of which one must be there before."""
    target: str = ""
    """Input that refers to what this belongs to: it lives in the same region, and goes with it."""
    name_input: str = ""
    """Input that chooses the physical name."""
    toggles: tuple[str, ...] = ()
    """Properties, as the engine names them, for ignoreChanges and replaceOnChanges."""
    alone: bool = False
    """Whether only one may belong to a target: its identity is the target's."""
    regional: bool = True
    read_by: str = ""
    """Input that is the id by which an existing resource is read."""


KINDS: dict[str, Kind] = {
    "provider": Kind("aws.Provider", regional=False),
    "group": Kind("Group", regional=False),
    "queue": Kind(
        "aws.sqs.Queue",
        ("url", "arn", "name", "id", "visibility_timeout_seconds"),
        name_input="name",
        toggles=("tags", "visibilityTimeoutSeconds"),
    ),
    "topic": Kind("aws.sns.Topic", ("arn", "name", "id"), name_input="name", toggles=("tags", "displayName")),
    "parameter": Kind(
        "aws.ssm.Parameter",
        ("name", "arn", "id", "value", "version"),
        name_input="name",
        toggles=("tags", "description", "value"),
    ),
    # No chosen names: a bucket's is taken for every other stack, too.
    "bucket": Kind("aws.s3.Bucket", ("id", "arn", "bucket"), toggles=("tags",)),
    "object": Kind(
        "aws.s3.BucketObjectv2", ("etag", "key", "arn"), ("bucket",), target="bucket", toggles=("contentType", "source")
    ),
    "role": Kind(
        "aws.iam.Role",
        ("arn", "name", "id", "unique_id"),
        name_input="name",
        toggles=("tags", "description"),
        regional=False,
    ),
    "role_policy": Kind("aws.iam.RolePolicy", ("name",), ("role",), target="role", toggles=("policy",), regional=False),
    "function": Kind(
        "aws.lambda_.Function",
        ("arn", "name", "version", "qualified_arn", "invoke_arn", "source_code_size"),
        ("role",),
        name_input="name",
        toggles=("tags", "environment", "timeout"),
    ),
    "function_alias": Kind(
        "aws.lambda_.Alias", ("arn", "name"), ("function",), target="function_name", toggles=("description",)
    ),
    "layer": Kind("aws.lambda_.LayerVersion", ("arn", "layer_arn", "version")),
    "table": Kind("aws.dynamodb.Table", ("arn", "name", "id"), name_input="name", toggles=("tags",)),
    "log_group": Kind("aws.cloudwatch.LogGroup", ("name", "arn"), name_input="name", toggles=("retentionInDays",)),
    "alarm": Kind("aws.cloudwatch.MetricAlarm", ("arn", "name"), name_input="name", toggles=("threshold",)),
    "rule": Kind("aws.cloudwatch.EventRule", ("arn", "name"), name_input="name", toggles=("description",)),
    "rule_target": Kind("aws.cloudwatch.EventTarget", ("arn",), ("rule", "queue"), target="rule"),
    "subscription": Kind("aws.sns.TopicSubscription", ("arn",), ("topic", "queue"), target="topic"),
    "queue_policy": Kind("aws.sqs.QueuePolicy", (), ("queue",), target="queue_url", alone=True),
    "read_queue": Kind(
        "aws.sqs.Queue.get", ("arn", "visibility_timeout_seconds"), ("queue",), target="id", read_by="id"
    ),
}
