"""Prices an order: GET /?sku=lamp&quantity=2&currency=EUR, if the inventory has that many.

Answers JSON with the release that answered. A failure is written to the log as one line of JSON, with `level` "error"
and the error's type, and then fails the invocation, so that both the log and Lambda's own metrics show it.
"""

import http.client
import json
import os
import sys
import urllib.request
from typing import Any

RELEASE = os.environ["RELEASE"]
INVENTORY_URL = os.environ["INVENTORY_URL"].rstrip("/")
INVENTORY_TIMEOUT_SECONDS = 1

PRICES_IN_EURO = {"lamp": 49.0, "chair": 129.0, "desk": 349.0}
CURRENCIES = ("EUR", "USD", "GBP")
EXCHANGE_RATES: dict[str, float] = json.loads(os.environ["EXCHANGE_RATES"])
DELIVERY_DAYS = {"lamp": 2, "chair": 5, "desk": 9}


class InventoryUnavailable(Exception):
    """The inventory service did not say how much there is."""


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request to the function's URL."""
    try:
        return order(event.get("queryStringParameters") or {})
    except Exception as error:
        line = {"level": "error", "release": RELEASE, "error": type(error).__name__, "message": str(error)}
        sys.stdout.write(json.dumps(line) + "\n")
        raise


def order(request: dict[str, str]) -> dict[str, Any]:
    """The answer to an order for `sku`, `quantity` (default 1) and `currency` (default EUR)."""
    sku, currency = request.get("sku", ""), request.get("currency", "EUR")
    quantity = request.get("quantity", "1")
    if sku not in PRICES_IN_EURO or currency not in CURRENCIES or not quantity.isdecimal():
        return answer(400, {"error": "unknown sku, currency or quantity"})
    if available(sku) < int(quantity):
        return answer(409, {"error": "not in stock", "sku": sku})
    total = round(PRICES_IN_EURO[sku] * int(quantity) * EXCHANGE_RATES[currency], 2)
    return answer(
        200,
        {
            "sku": sku,
            "quantity": int(quantity),
            "total": total,
            "currency": currency,
            "deliveryDays": DELIVERY_DAYS[sku],
        },
    )


def available(sku: str) -> int:
    """How many of a kind the inventory has. Raises InventoryUnavailable."""
    try:
        url = f"{INVENTORY_URL}/stock/{sku}"
        with urllib.request.urlopen(url, timeout=INVENTORY_TIMEOUT_SECONDS) as response:  # noqa: S310 (from stack config)
            return int(json.load(response)["available"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise InventoryUnavailable(f"no stock figure for {sku}: {error}") from error


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An HTTP answer that names the release."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"release": RELEASE, **body}),
    }
