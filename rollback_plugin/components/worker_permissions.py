"""What workers may do, as policy documents: the stacks they serve, and nothing beside them.

The paths are those of the backend (the engine's pkg/backend/diy: state, history, backups, locks) and of the store
beside it. What the engine needs to change a stack's own resources isn't here: that is what `pulumi up` of those stacks
needs, and only their team knows it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]


def assumed_by(service: str) -> Document:
    """The trust policy of a role for an AWS service."""
    return _document([_allowed(["sts:AssumeRole"]) | {"Principal": {"Service": service}}])


def worker_policy(
    *,
    bucket_arn: str,
    prefix: str,
    stacks: Sequence[str],
    queue_arn: str,
    kms_key_arns: Sequence[str],
    topic_arns: Sequence[str],
) -> Document:
    """For the workers' role.

    prefix: of the backend in its bucket, empty or with a slash at the end. stacks: patterns `project/stack`.
    topic_arns: where notices go.
    """
    partition = bucket_arn.split(":")[1]
    objects = f"{bucket_arn}/{prefix}"
    own = [
        path
        for stack in stacks
        for path in (
            f"{objects}.pulumi/stacks/{stack}.json*",
            f"{objects}.pulumi/history/{stack}/*",
            f"{objects}.pulumi/backups/{stack}/*",
            f"{objects}.pulumi/locks/organization/{stack}/*",
            f"{objects}.rollback/stacks/{stack}/*",
        )
    ]
    statements = [
        _allowed(
            [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:SendMessage",
            ],
            [queue_arn],
        ),
        _allowed(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], own),
        # Bytes are kept once for all stacks, under their hash. Only people delete them, through the trash.
        _allowed(["s3:GetObject", "s3:PutObject"], [f"{objects}.rollback/blobs/*"]),
        _allowed(["s3:GetObject"], [f"{objects}.rollback/trash/*"]),
        _allowed(["s3:GetObject"], [f"{objects}.pulumi/meta.yaml"]),
        _allowed(["s3:ListBucket"], [bucket_arn])
        | {"Condition": {"StringLike": {"s3:prefix": [f"{prefix}.pulumi/*", f"{prefix}.rollback/*"]}}},
        # Metrics can't be allowed one by one, nor alarms that may be composite
        # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html).
        _allowed(
            [
                "cloudwatch:DescribeAlarms",
                "cloudwatch:DescribeAlarmHistory",
                "cloudwatch:GetMetricData",
                "cloudwatch:ListMetrics",
                "logs:DescribeMetricFilters",
            ],
            ["*"],
        ),
        # Lines that a log alarm counted are kept as evidence.
        _allowed(
            ["logs:FilterLogEvents"],
            [f"arn:{partition}:logs:*:*:log-group:/aws/lambda/{stack.replace('/', '-')}-*" for stack in stacks],
        ),
        # Consumers are moved before the engine runs; a LambdaService is called so unless it is given a name.
        _allowed(
            ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetFunctionConfiguration"],
            [f"arn:{partition}:lambda:*:*:function:{stack.replace('/', '-')}-*" for stack in stacks],
        ),
    ]
    if kms_key_arns:
        statements.append(_allowed(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], kms_key_arns))
    if topic_arns:
        statements.append(_allowed(["sns:Publish"], topic_arns))
    return _document(statements)


def reading_secrets(arns: Sequence[str]) -> Document:
    """For the role that starts tasks: it hands them their secrets."""
    return _document([_allowed(["secretsmanager:GetSecretValue"], arns)])


def queue_policy(queue_arn: str, rule_arns: Sequence[str]) -> Document:
    """Of the hint queue: these rules may send to it
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html, Amazon SQS permissions)."""
    return _document(
        [
            _allowed(["sqs:SendMessage"], [queue_arn])
            | {
                "Principal": {"Service": "events.amazonaws.com"},
                "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
            }
        ]
    )


def _document(statements: Sequence[Mapping[str, Any]]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allowed(actions: Sequence[str], resources: Sequence[str] = ()) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions)}
    return {**statement, "Resource": list(resources)} if resources else statement
