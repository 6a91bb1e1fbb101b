"""Sums up the sales of some days, and says how many mails went out."""

from typing import Any


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"sent": event["recipients"], "mails": len(event["recipients"]), "days": event["days"]}
