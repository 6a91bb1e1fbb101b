"""Bookings, as they are kept."""

import json
from typing import Any

Answer = dict[str, Any]


def answer(status: int, body: Any) -> Answer:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def list_all(event: dict[str, Any], context: object) -> Answer:
    return answer(200, [])


def create(event: dict[str, Any], context: object) -> Answer:
    return answer(201, json.loads(event["body"]))


def cancel(event: dict[str, Any], context: object) -> Answer:
    return answer(204, None)
