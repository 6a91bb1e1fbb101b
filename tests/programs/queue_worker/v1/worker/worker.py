"""Makes thumbnails; a job that raises goes back to its queue."""

from typing import Any


def handle(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        print(f"thumbnail of {record['body']}")  # noqa: T201
