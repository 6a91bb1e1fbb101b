"""Recorded resources for tests, with URNs made up from type and name."""

from typing import Any

from rollback_plugin.replay.recorded import RecordedResource

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
QUEUE = "aws:sqs/queue:Queue"
TOPIC = "aws:sns/topic:Topic"


def urn(resource_type: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{resource_type}::{name}"


def resource(resource_type: str, name: str, **fields: Any) -> RecordedResource:
    return RecordedResource(
        urn=urn(resource_type, name), type=resource_type, **{"id": f"{name}-id", "parent": STACK, **fields}
    )


def component(name: str, **fields: Any) -> RecordedResource:
    return resource("shop:index:Shop", name, **{"custom": False, "id": "", **fields})
