"""A service that runs as one AWS Lambda function and that consumers call through an alias.

The module's annotations are read at run time to make a Pulumi package of it, so it does without
`from __future__ import annotations`, unions and Literal in its arguments.
"""

import json
import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from rollback_plugin.components.alarms import (
    ErrorRateAlarmArgs,
    LogPatternAlarmArgs,
    error_rate_alarm,
    log_pattern_alarm,
)
from rollback_plugin.components.policy import RollbackPolicyArgs, policy_from
from rollback_plugin.components.refusal import InvalidArguments
from rollback_plugin.components.service import ServiceComponent

ALIAS_NAME = "live"

_URL_AUTHORIZATIONS = ("NONE", "AWS_IAM")
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html (FunctionName)
_FUNCTION_NAME_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ASSUMED_BY_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


class RoleStatementArgs(TypedDict):
    """Something the function is allowed to do."""

    actions: list[str]
    """IAM actions, for example `dynamodb:GetItem`."""

    resources: list[pulumi.Input[str]]
    """ARNs the actions are allowed on."""


class LambdaServiceArgs(TypedDict):
    """What a LambdaService is made of and how it is judged."""

    code: pulumi.Input[pulumi.Archive]
    """The function's code, for example `pulumi.FileArchive("app")`."""

    handler: pulumi.Input[str]
    """The function in the code that is called, for example `handler.handle`."""

    runtime: NotRequired[pulumi.Input[str]]
    """The Lambda runtime's identifier. Default `python3.13`."""

    function_name: NotRequired[str]
    """The function's name in AWS. Default `<project>-<stack>-<name>`."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables of the function."""

    timeout_seconds: NotRequired[int]
    """How long one invocation may take. Default 3."""

    memory_mb: NotRequired[int]
    """The function's memory. Default 128."""

    role_statements: NotRequired[list[RoleStatementArgs]]
    """What the function is allowed to do besides writing its log."""

    log_retention_days: NotRequired[int]
    """How long log lines are kept. Default 30."""

    url_authorization: NotRequired[str]
    """Gives the service a URL: `NONE` for anyone, `AWS_IAM` for callers that sign. Default: no URL."""

    error_rate_alarm: NotRequired[ErrorRateAlarmArgs]
    """When the share of failed requests rings. Every service has this alarm. Default: above 5 % in a minute."""

    log_pattern_alarms: NotRequired[list[LogPatternAlarmArgs]]
    """Alarms on log lines. Default: none."""

    policy: NotRequired[RollbackPolicyArgs]
    """What may be rolled back and recovered without a person, and when."""


class LambdaService(ServiceComponent):
    """A Lambda function whose deploys can be undone: every deploy publishes a version, consumers call the alias `live`,
    and alarms watch what they get through it.
    """

    url: pulumi.Output[str] | None
    """Where consumers call the service; absent without `url_authorization`."""

    alias_arn: pulumi.Output[str]
    """What consumers invoke, and what event sources and permissions are to name."""

    function_name: pulumi.Output[str]
    """The function's name in AWS."""

    function_version: pulumi.Output[str]
    """The published version that the alias points to."""

    alarm_names: pulumi.Output[list[str]]
    """The CloudWatch alarms that judge the service."""

    def __init__(self, name: str, args: LambdaServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidArguments, before anything is registered, for arguments that can't be used as they are."""
        owner = f'LambdaService "{name}"'
        policy = policy_from(args.get("policy", {}), owner)
        function_name = _function_name(name, args, owner)
        log_group_name = f"/aws/lambda/{function_name}"
        url_authorization = _url_authorization(args, owner)
        error_rate = error_rate_alarm(
            args.get("error_rate_alarm", {}), function_name=function_name, alias_name=ALIAS_NAME, owner=owner
        )
        log_patterns = {
            pattern["name"]: log_pattern_alarm(
                pattern, function_name=function_name, log_group_name=log_group_name, owner=owner
            )
            for pattern in args.get("log_pattern_alarms", [])
        }
        if len(log_patterns) < len(args.get("log_pattern_alarms", [])):
            raise InvalidArguments(f"{owner}: two log pattern alarms have the same name. Give each its own.")

        super().__init__(name, opts)
        inside = pulumi.ResourceOptions(parent=self)

        role = aws.iam.Role(f"{name}-role", assume_role_policy=_ASSUMED_BY_LAMBDA, opts=inside)
        granted: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{name}-basic-execution",
                role=role.name,
                policy_arn=aws.iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE,
                opts=inside,
            )
        ]
        if statements := args.get("role_statements"):
            granted.append(
                aws.iam.RolePolicy(f"{name}-role-policy", role=role.id, policy=_role_policy(statements), opts=inside)
            )
        # Lambda would make the log group itself, with lines kept for ever, at the function's first line.
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-log", name=log_group_name, retention_in_days=int(args.get("log_retention_days", 30)), opts=inside
        )
        function = aws.lambda_.Function(
            f"{name}-function",
            name=function_name,
            role=role.arn,
            runtime=args.get("runtime", "python3.13"),
            handler=args["handler"],
            code=args["code"],
            timeout=int(args.get("timeout_seconds", 3)),
            memory_size=int(args.get("memory_mb", 128)),
            environment=(
                aws.lambda_.FunctionEnvironmentArgs(variables=args["environment"]) if args.get("environment") else None
            ),
            publish=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log_group, *granted]),
        )
        alias = aws.lambda_.Alias(
            f"{name}-{ALIAS_NAME}",
            name=ALIAS_NAME,
            function_name=function.name,
            function_version=function.version,
            opts=inside,
        )
        self.url = None
        if url_authorization is not None:
            # For NONE the provider grants everyone both actions a URL needs, so no Permission is made here
            # (hashicorp/terraform-provider-aws, aws_lambda_function_url).
            self.url = aws.lambda_.FunctionUrl(
                f"{name}-url",
                function_name=function.name,
                qualifier=alias.name,
                authorization_type=url_authorization,
                opts=inside,
            ).function_url

        alarms = [aws.cloudwatch.MetricAlarm(f"{name}-error-rate", args=error_rate, opts=inside)]
        for pattern_name, definition in log_patterns.items():
            metric_filter = aws.cloudwatch.LogMetricFilter(
                f"{name}-log-{pattern_name}",
                args=definition.metric_filter,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[log_group]),
            )
            alarms.append(
                aws.cloudwatch.MetricAlarm(
                    f"{name}-log-{pattern_name}",
                    args=definition.alarm,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[metric_filter]),
                )
            )

        self.alias_arn = alias.arn
        self.function_name = function.name
        self.function_version = alias.function_version
        self.alarm_names = pulumi.Output.all(*(alarm.name for alarm in alarms)).apply(list)
        interface = {"alias_arn": self.alias_arn, "function_name": self.function_name}
        if self.url is not None:
            interface["url"] = self.url
        self.declare_service(
            outputs={
                "url": self.url,
                "aliasArn": self.alias_arn,
                "functionName": self.function_name,
                "functionVersion": self.function_version,
                "alarmNames": self.alarm_names,
            },
            alarms=[alarm.name for alarm in alarms],
            interface=interface,
            policy=policy,
            traffic={
                "kind": "lambda_alias",
                "function": self.function_name,
                "alias": alias.name,
                "region": function.region,
                "version": self.function_version,
            },
        )


def _function_name(name: str, args: LambdaServiceArgs, owner: str) -> str:
    function_name = args.get("function_name", f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}")
    if not _FUNCTION_NAME_FORM.fullmatch(function_name):
        raise InvalidArguments(
            f"{owner}: the function's name would be {function_name!r} ({len(function_name)} characters). Lambda takes"
            " up to 64 letters, digits, hyphens and underscores: set function_name."
        )
    return function_name


def _url_authorization(args: LambdaServiceArgs, owner: str) -> str | None:
    authorization = args.get("url_authorization")
    if authorization is not None and authorization not in _URL_AUTHORIZATIONS:
        raise InvalidArguments(
            f"{owner}: url_authorization is {authorization!r}. It must be one of {', '.join(_URL_AUTHORIZATIONS)},"
            " or left out for a service without a URL."
        )
    return authorization


def _role_policy(statements: list[RoleStatementArgs]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": statement["actions"], "Resource": statement["resources"]}
                for statement in statements
            ],
        }
    )
