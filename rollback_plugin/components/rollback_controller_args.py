"""How a program says which stacks the hosted controller looks after, and where its workers run.

The module's annotations are read at run time to make a Pulumi package of it, so it does without
`from __future__ import annotations`, unions and Literal.
"""

import re
from typing import NotRequired, TypedDict

import pulumi

from rollback_plugin.components.refusal import InvalidArguments

_STACK_FORM = re.compile(r"[A-Za-z0-9_.*-]+/[A-Za-z0-9_.*-]+")


class RollbackControllerArgs(TypedDict):
    """Which stacks are looked after, and where the workers run."""

    image: pulumi.Input[str]
    """The container image of the workers, built from the `Dockerfile` of rollback-plugin."""

    state_bucket_arn: pulumi.Input[str]
    """ARN of the bucket that is the stacks' Pulumi backend (`s3://<bucket>`)."""

    stacks: list[str]
    """The stacks that workers may touch, as `project/stack`; `*` stands for anything: `shop/*`."""

    subnets: list[pulumi.Input[str]]
    """Subnets the workers run in; they need a way to AWS' APIs."""

    state_prefix: NotRequired[str]
    """The backend's folder in its bucket, for `s3://<bucket>/<folder>`. Default: none."""

    notify_bucket: NotRequired[bool]
    """Makes the bucket send its events to EventBridge, in place of all notifications it has. Default false: a deploy
    is then seen at the next minute, unless the bucket sends its events already."""

    security_groups: NotRequired[list[pulumi.Input[str]]]
    """Of the workers. Default: the VPC's own."""

    assign_public_ip: NotRequired[bool]
    """For subnets without a NAT gateway. Default false."""

    worker_policy_arns: NotRequired[list[pulumi.Input[str]]]
    """Policies with what `pulumi up` of the stacks needs: workers re-apply their resources. Default: none."""

    passphrase_secret_arn: NotRequired[pulumi.Input[str]]
    """Secret of Secrets Manager that holds the stacks' PULUMI_CONFIG_PASSPHRASE. Default: none."""

    kms_key_arns: NotRequired[list[pulumi.Input[str]]]
    """Keys that the stacks' secrets or the bucket are encrypted with. Default: none."""

    notify_topic_arns: NotRequired[list[pulumi.Input[str]]]
    """SNS topics that get every stack's notices; a stack's own `rollback:notify` adds to them. Workers may publish to
    them. An encrypted topic's key belongs into kms_key_arns. Default: none."""

    notify_secret_arn: NotRequired[pulumi.Input[str]]
    """Secret of Secrets Manager that holds URLs of webhooks, with spaces between them, for every stack's notices.
    Default: none."""

    log_format: NotRequired[str]
    """`json` or `text`: a line in the workers' log for each step, decision and retry. Default: what rounds came to
    only."""

    otlp_endpoint: NotRequired[pulumi.Input[str]]
    """URL of the OpenTelemetry collector (OTLP over HTTP) that metrics and traces go to. Default: none."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """More environment variables of the workers; they go before those that other arguments lead to. Default: none."""

    minimum_workers: NotRequired[int]
    """Default 1."""

    maximum_workers: NotRequired[int]
    """Default 10."""

    messages_per_scaling: NotRequired[int]
    """Workers are added for as long as more messages wait than this, and taken away when fewer do. Default 20."""

    cpu: NotRequired[int]
    """CPU units of a worker. Default 1024: the engine runs in there."""

    memory_mb: NotRequired[int]
    """Memory of a worker. Default 2048."""

    log_retention_days: NotRequired[int]
    """How long the workers' log is kept. Default 30."""

    alarm_topic_arns: NotRequired[list[pulumi.Input[str]]]
    """SNS topics that are told when messages could not be dealt with. Default: none."""


def require_usable(name: str, args: RollbackControllerArgs) -> None:
    """Raises InvalidArguments, naming the component, for arguments that can't be used as they are."""
    owner = f'RollbackController "{name}"'
    if not args["stacks"]:
        raise InvalidArguments(f'{owner}: stacks names none. Say which workers may touch, for example ["shop/*"].')
    for stack in args["stacks"]:
        if not _STACK_FORM.fullmatch(stack):
            raise InvalidArguments(f"{owner}: {stack!r} in stacks is no pattern <project>/<stack>, such as shop/*.")
    log_format = args.get("log_format", "")
    if log_format not in {"", "json", "text"}:
        raise InvalidArguments(f"{owner}: log_format is {log_format!r}. Write json or text, or leave it out.")
    minimum, maximum = int(args.get("minimum_workers", 1)), int(args.get("maximum_workers", 10))
    if not 0 <= minimum <= maximum:
        raise InvalidArguments(
            f"{owner}: minimum_workers is {minimum}, and maximum_workers {maximum}. Give 0 or more, and no less."
        )
