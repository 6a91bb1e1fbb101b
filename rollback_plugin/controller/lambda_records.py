"""What a checkpoint says of the resources behind a Lambda service's traffic."""

from collections.abc import Iterator

from rollback_plugin.versions.checkpoint import Checkpoint, Resource
from rollback_plugin.versions.service import LambdaTraffic

FUNCTION_TYPE = "aws:lambda/function:Function"
ALIAS_TYPE = "aws:lambda/alias:Alias"
GRANT_TYPE_PREFIX = "aws:iam/"
PROVIDER_TYPE_PREFIX = "pulumi:providers:"


def alias_version(traffic: LambdaTraffic, checkpoint: Checkpoint) -> str | None:
    """The function version that the engine pointed the alias to; None when the checkpoint doesn't hold the alias."""
    for resource in checkpoint.by_urn.values():
        outputs = resource.outputs or {}
        if (
            resource.type == ALIAS_TYPE
            and outputs.get("name") == traffic.alias
            and _function_name(str(outputs.get("functionName", ""))) == _function_name(traffic.function)
        ):
            return str(outputs["functionVersion"])
    return None


def missing_for_function(traffic: LambdaTraffic, target: Checkpoint, current: Checkpoint) -> tuple[str, ...]:
    """URNs of resources that the function needs in `target` and `current` doesn't have, by type and physical id.

    Empty: consumers may be moved to the function's old version before the engine has run. That version still exists,
    with the code and configuration it was published with; what it *uses* may not, when the newer version deleted or
    replaced it. Then the engine has to restore that first, and moves the alias itself, last.

    Needed is what the function depends on, through any number of steps, and grants of IAM that hang on those (no
    function depends on a policy of its role, and none works without it). A function that `target` doesn't hold needs
    nothing that could be known.
    """
    function = _function(traffic, target)
    if function is None:
        return ()
    needed = set(_needed_by(function, target))
    grants = {
        resource.urn
        for resource in target.by_urn.values()
        if resource.type.startswith(GRANT_TYPE_PREFIX) and needed.intersection(_depends_on(resource))
    }
    existing = {(resource.type, resource.id) for resource in current.by_urn.values()}
    return tuple(
        resource.urn
        for resource in target.by_urn.values()
        if resource.urn in needed | grants and _real(resource) and (resource.type, resource.id) not in existing
    )


def _function_name(name_or_arn: str) -> str:
    """Programs name a function either way, and its ARN ends in its name."""
    return name_or_arn.rsplit(":", 1)[-1]


def _function(traffic: LambdaTraffic, checkpoint: Checkpoint) -> Resource | None:
    for resource in checkpoint.by_urn.values():
        if resource.type == FUNCTION_TYPE and traffic.function in (resource.id, (resource.outputs or {}).get("arn")):
            return resource
    return None


def _needed_by(function: Resource, checkpoint: Checkpoint) -> Iterator[str]:
    """The URNs the function depends on, directly or not; its own is not among them."""
    seen: set[str] = set()
    waiting = list(_depends_on(function))
    while waiting:
        urn = waiting.pop()
        if urn in seen or urn not in checkpoint.by_urn:
            continue
        seen.add(urn)
        yield urn
        waiting.extend(_depends_on(checkpoint.by_urn[urn]))


def _depends_on(resource: Resource) -> Iterator[str]:
    yield from resource.dependencies or ()
    for urns in (resource.property_dependencies or {}).values():
        yield from urns or ()


def _real(resource: Resource) -> bool:
    return resource.custom and not resource.type.startswith(PROVIDER_TYPE_PREFIX)
