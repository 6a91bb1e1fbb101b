"""Bookings: an HTTP API in front of one function per route, and the table they share.

Stack config: bookings:allowedOrigin, bookings:paymentKey (secret)
"""

import json

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

config = pulumi.Config()
tags = {"service": "bookings", "stack": pulumi.get_stack()}

ROUTES = {
    "list_all": "GET /bookings",
    "create": "POST /bookings",
}


class Endpoint(pulumi.ComponentResource):
    """A route of the API, and the function that answers it."""

    def __init__(
        self,
        name: str,
        api: aws.apigatewayv2.Api,
        route_key: str,
        environment: dict[str, pulumi.Input[str]],
        policy: pulumi.Input[str],
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__("bookings:index:Endpoint", name, {}, opts)
        inside = ResourceOptions(parent=self)
        trust = aws.iam.get_policy_document(
            statements=[
                {
                    "actions": ["sts:AssumeRole"],
                    "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
                }
            ]
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trust.json, tags=tags, opts=inside)
        aws.iam.RolePolicyAttachment(
            f"{name}-logs",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            opts=inside,
        )
        aws.iam.RolePolicy(f"{name}-data", role=role.id, policy=policy, opts=inside)
        self.function = aws.lambda_.Function(
            f"{name}-function",
            role=role.arn,
            runtime=aws.lambda_.Runtime.PYTHON3D12,
            handler=f"handlers.{name}",
            code=pulumi.FileArchive("./app"),
            timeout=5,
            environment={"variables": environment},
            tags=tags,
            opts=inside,
        )
        integration = aws.apigatewayv2.Integration(
            f"{name}-integration",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.invoke_arn,
            payload_format_version="2.0",
            opts=inside,
        )
        aws.apigatewayv2.Route(
            f"{name}-route",
            api_id=api.id,
            route_key=route_key,
            target=integration.id.apply(lambda identifier: f"integrations/{identifier}"),
            opts=inside,
        )
        aws.lambda_.Permission(
            f"{name}-permission",
            action="lambda:InvokeFunction",
            function=self.function.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
            opts=inside,
        )
        self.register_outputs({"functionName": self.function.name})


table = aws.dynamodb.Table(
    "bookings",
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
    attributes=[{"name": "id", "type": "S"}],
    tags=tags,
)
payment_key = aws.ssm.Parameter(
    "payment-key",
    type=aws.ssm.ParameterType.SECURE_STRING,
    value=config.require_secret("paymentKey"),
    tags=tags,
)
api = aws.apigatewayv2.Api(
    "bookings",
    protocol_type="HTTP",
    cors_configuration={
        "allow_origins": [config.require("allowedOrigin")],
        "allow_methods": sorted({route.split()[0] for route in ROUTES.values()}),
    },
    tags=tags,
)
data_access = pulumi.Output.all(table.arn, payment_key.arn).apply(
    lambda arns: json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": ["dynamodb:Scan", "dynamodb:PutItem"], "Resource": arns[0]},
                {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": arns[1]},
            ],
        }
    )
)
for name, route_key in ROUTES.items():
    Endpoint(
        name,
        api,
        route_key,
        environment={"TABLE": table.name, "PAYMENT_KEY_PARAMETER": payment_key.name},
        policy=data_access,
    )

access_log = aws.cloudwatch.LogGroup("bookings-access", retention_in_days=14, tags=tags)
stage = aws.apigatewayv2.Stage(
    "bookings",
    api_id=api.id,
    name="$default",
    auto_deploy=True,
    access_log_settings={
        "destination_arn": access_log.arn,
        "format": json.dumps({"requestId": "$context.requestId", "status": "$context.status"}),
    },
    default_route_settings={"throttling_burst_limit": 10, "throttling_rate_limit": 5},
    tags=tags,
)

pulumi.export("url", stage.invoke_url)
pulumi.export("tableName", table.name)
pulumi.export("routes", list(ROUTES.values()))
