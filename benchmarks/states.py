"""What the engine would have written of a stack of any size."""

import json
from typing import Any

from rollback_plugin.stack import StackName


def queue(stack: StackName, number: int, release: str) -> dict[str, Any]:
    """About as large as the engine's record of a queue."""
    properties = {
        "name": f"service-{number}",
        "tags": {"service": f"service-{number}", "release": release, "team": f"team-{number % 17}"},
        "visibilityTimeoutSeconds": 30 + number % 50,
        "policy": json.dumps({"Statement": [{"Effect": "Allow", "Resource": f"arn:aws:sqs:eu-west-1:1:{number}"}]}),
    }
    arn = f"arn:aws:sqs:eu-west-1:123456789012:service-{number}"
    outputs = {**properties, "arn": arn, "url": arn}
    return recorded(stack, "aws:sqs/queue:Queue", f"queue-{number}", id=arn, inputs=properties, outputs=outputs)


def queues(stack: StackName, count: int, release: str, changed: int) -> list[dict[str, Any]]:
    """The first `changed` of them are of `release`, the others as they always were."""
    return [queue(stack, number, release if number < changed else "first") for number in range(count)]


def recorded(stack: StackName, type_: str, name: str, *, custom: bool = True, **fields: Any) -> dict[str, Any]:
    """A resource as a checkpoint has it."""
    urn = f"urn:pulumi:{stack.stack}::{stack.project}::{type_}::{name}"
    return {"urn": urn, "type": type_, "custom": custom, "parent": stack.root_urn, **fields}
