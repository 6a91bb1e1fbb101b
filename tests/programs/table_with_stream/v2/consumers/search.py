"""Makes orders findable."""

from typing import Any


def handle(event: dict[str, Any], context: object) -> list[str]:
    return [record["dynamodb"]["Keys"]["customer"]["S"] for record in event["Records"]]
