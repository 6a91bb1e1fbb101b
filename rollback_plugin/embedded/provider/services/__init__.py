"""The resource types the stand-in provider serves, one module per AWS service."""

from rollback_plugin.embedded.provider.description import ResourceType
from rollback_plugin.errors import EmbeddedError

from . import (
    alarms,
    apigatewayv2,
    autoscaling,
    dashboards,
    dynamodb,
    ecs,
    event_buses,
    events,
    iam,
    kms,
    lambda_aliases,
    lambda_events,
    lambda_functions,
    lambda_layers,
    logs,
    s3,
    s3_access,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
)

_MODULES = (
    alarms,
    apigatewayv2,
    autoscaling,
    dashboards,
    dynamodb,
    ecs,
    event_buses,
    events,
    iam,
    kms,
    lambda_aliases,
    lambda_events,
    lambda_functions,
    lambda_layers,
    logs,
    s3,
    s3_access,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
)

RESOURCE_TYPES: dict[str, ResourceType] = {each.token: each for module in _MODULES for each in module.RESOURCE_TYPES}


def find_resource_type(token: str) -> ResourceType:
    """The description of `token`. Raises `EmbeddedError` naming it and the types there are."""
    if token not in RESOURCE_TYPES:
        raise EmbeddedError(
            f"The stand-in aws provider of the embedded AWS does not serve the resource type {token}. "
            f"It serves: {', '.join(sorted(RESOURCE_TYPES))}."
        )
    return RESOURCE_TYPES[token]
