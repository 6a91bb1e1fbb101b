"""Where a resource's id follows from its inputs: what to look for when nobody knows whether it was made.

An id is what the provider sets when it has made the resource (`d.SetId` in hashicorp/terraform-provider-aws,
`internal/service/`), which for most types here is also what the "Import" section of the type's page takes
(https://www.pulumi.com/registry/packages/aws/api-docs/). Ids that AWS draws by lot (`sg-…`, UUIDs, secrets' suffixes)
can't be in the table; resources of those types are not looked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

IDENTITIES: Mapping[str, str] = {
    "aws:cloudwatch/dashboard:Dashboard": "{dashboardName}",
    "aws:cloudwatch/eventBus:EventBus": "{name}",
    "aws:cloudwatch/eventRule:EventRule": "[{eventBusName}/]{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "[{eventBusName}-]{rule}-{targetId}",
    "aws:cloudwatch/logGroup:LogGroup": "{name}",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "{name}",
    "aws:dynamodb/table:Table": "{name}",
    "aws:ecr/repository:Repository": "{name}",
    "aws:ecs/cluster:Cluster": "arn:{partition}:ecs:{region}:{account}:cluster/{name}",
    "aws:iam/group:Group": "{name}",
    "aws:iam/instanceProfile:InstanceProfile": "{name}",
    "aws:iam/policy:Policy": "arn:{partition}:iam::{account}:policy{path}{name}",
    "aws:iam/role:Role": "{name}",
    "aws:iam/rolePolicy:RolePolicy": "{role}:{name}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "{role}/{policyArn}",
    "aws:iam/user:User": "{name}",
    "aws:kinesis/stream:Stream": "arn:{partition}:kinesis:{region}:{account}:stream/{name}",
    "aws:kms/alias:Alias": "{name}",
    "aws:lambda/alias:Alias": "arn:{partition}:lambda:{region}:{account}:function:{functionName}:{name}",
    "aws:lambda/function:Function": "{name}",
    "aws:lambda/functionUrl:FunctionUrl": "{functionName}[/{qualifier}]",
    "aws:lambda/permission:Permission": "{statementId}",
    "aws:s3/bucket:Bucket": "{bucket}",
    "aws:s3/bucketObject:BucketObject": "{bucket}/{key}",
    "aws:s3/bucketObjectv2:BucketObjectv2": "{bucket}/{key}",
    "aws:s3/bucketNotification:BucketNotification": "{bucket}",
    "aws:s3/bucketPolicy:BucketPolicy": "{bucket}",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "{bucket}",
    "aws:s3/bucketVersioning:BucketVersioning": "{bucket}[,{expectedBucketOwner}]",
    "aws:sfn/stateMachine:StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    "aws:sns/topic:Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "{queues}/{name}",
    "aws:sqs/queuePolicy:QueuePolicy": "{queueUrl}",
    "aws:ssm/parameter:Parameter": "{name}",
}
"""By type token; in braces an input's name, or what is known of the place: `partition`, `account`, and `queues`, with
which the URL of a queue begins. What is in brackets is left out where the input isn't given, or is a default."""

NOT_READ_BACK: Mapping[str, frozenset[str]] = {
    "aws:lambda/function:Function": frozenset({"code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion"}),
    "aws:s3/bucketObject:BucketObject": frozenset({"content", "contentBase64", "source"}),
    "aws:s3/bucketObjectv2:BucketObjectv2": frozenset({"content", "contentBase64", "source"}),
}
"""Inputs of these types that no provider reads back: what exists may hold something else."""

_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):[^:]*:[^:]*:(?P<account>\d{12}):")
_DRAWN = re.compile(r"-[0-9a-f]{7,}(\.[a-z]+)?")
"""How a name drawn by lot ends: 7 hex digits by default (pulumi/pulumi-terraform-bridge, automatic naming)."""
_OPTIONAL = re.compile(r"\[([^]]*)\]")
_DOMAINS = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
"""Partitions and the domain of their endpoints
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html, botocore's partitions.json)."""


QUEUE = "aws:sqs/queue:Queue"
DEFAULT_EVENT_BUS = "default"
ALIAS = "aws:lambda/alias:Alias"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A resource that exists, made by the same provider."""

    type: str
    outputs: Mapping[str, Any] = field(repr=False)


def identity_of(resource_type: str, inputs: Mapping[str, Any], neighbours: Iterable[Neighbour]) -> str | None:
    """The id that a resource made of these inputs has; None where that can't be told."""
    template = IDENTITIES.get(resource_type)
    if template is None:
        return None
    known = {name: value for name, value in inputs.items() if isinstance(value, str) and value}
    known |= _place(known.get("region"), list(neighbours))
    if resource_type == ALIAS and known.get("functionName", "").startswith("arn:"):
        template = "{functionName}:{name}"
    if known.get("eventBusName") == DEFAULT_EVENT_BUS:
        del known["eventBusName"]
    whole = _OPTIONAL.sub(lambda optional: _filled(optional[1], known) or "", template)
    return _filled(whole, known)


def is_drawn(resource_type: str, inputs: Mapping[str, Any], defaults: Iterable[str]) -> bool:
    """Whether the id rests on a name that was drawn for this one resource, so that nobody else's can have it.

    defaults: names of inputs that the program didn't give.
    """
    of_id = [name for name in defaults if f"{{{name}}}" in IDENTITIES[resource_type]]
    return any(_DRAWN.search(str(inputs.get(name, ""))) for name in of_id)


def _filled(template: str, known: Mapping[str, str]) -> str | None:
    try:
        return template.format_map(known)
    except KeyError:
        return None


def _place(region: str | None, neighbours: Sequence[Neighbour]) -> Mapping[str, str]:
    arns = (neighbour.outputs.get("arn") for neighbour in neighbours)
    accounts = {match.groups() for arn in arns if isinstance(arn, str) and (match := _ARN.match(arn))}
    if len(accounts) != 1:
        return {}
    ((partition, account),) = accounts
    place = {"partition": partition, "account": account}
    # Other endpoints than AWS's own have other URLs, so another queue's counts for more than the rule.
    urls = (n.outputs.get("url") for n in neighbours if n.type == QUEUE and n.outputs.get("region") == region)
    queues = {url.rpartition("/")[0] for url in urls if isinstance(url, str)}
    if len(queues) == 1:
        place["queues"] = queues.pop()
    elif region and partition in _DOMAINS:
        place["queues"] = f"https://sqs.{region}.{_DOMAINS[partition]}/{account}"
    return place
