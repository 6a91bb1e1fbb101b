"""Makes what two paths led to comparable: what is made up anew each time is replaced by who made it and when.

A random name is labelled with the resource that had it first, and with the deploy it first had it after. So a value
that refers to the queue that was made by the second deploy differs from one that refers to the queue of the first.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rollback_plugin.replay.property_values import ARCHIVE, ASSET, SIGNATURE, leaves

MADE_UP = re.compile(
    r"(?<=-)[0-9a-f]{7}(?=$|\.fifo$)"  # the end of a name that the provider chose
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|ARO[A-Z0-9]{10,}"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+[\d:]+|Z)?|\d{4}-\d\d-\d\dT\S+")
NOISE = frozenset(
    {
        "ResponseMetadata",
        "RevisionId",
        "Location",
        "TableId",
        "RoleLastUsed",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "creationTime",
        "StackTrace",
    }
)
"""Members that differ between any two resources made alike."""
UNTOLD = ("created", "modified", "sourcePosition", "stackTrace")
"""Fields of a recorded resource that say when and where, not what."""


ACCOUNT = "<account>"
OTHER_CASE = " in another case"


@dataclass(frozen=True)
class Labels:
    """What was made up on one path, and what stands for it."""

    labels: Mapping[str, str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        # Programs may change the case of what they pass on.
        return re.compile("|".join([*map(re.escape, self.labels), "(?!)"]), re.IGNORECASE)

    @property
    def hide_case(self) -> bool:
        """Whether a name was made up of digits alone: then nobody can tell what a program did to its case."""
        return any(key.lower() == key.upper() for key, label in self.labels.items() if label != ACCOUNT)

    def put_into(self, text: str) -> str:
        """The text with labels; what was made up and isn't known stays, and so makes a difference."""
        return self.pattern.sub(lambda found: self.labels.get(found.group(), self._other_case(found.group())), text)

    def _other_case(self, made_up: str) -> str:
        return next(f"{label}{OTHER_CASE}" for key, label in self.labels.items() if key.lower() == made_up.lower())


def labels_of(checkpoints: Iterable[Mapping[str, Any]], account: str) -> Labels:
    """Labels over the states that a path led through, in order, and for the AWS account it was in."""
    labels = {account: ACCOUNT}
    for turn, checkpoint in enumerate(checkpoints, 1):
        for resource in _resources(checkpoint):
            if not resource.get("custom"):
                continue
            name = resource["urn"].rpartition("::")[2]
            for place, value in [(("id",), resource.get("id", "")), *leaves(resource.get("outputs") or {})]:
                for found in MADE_UP.findall(value) if isinstance(value, str) else ():
                    what = f"{name}, {turn}" if len(found) == 7 else f"{name}, {place[-1]}, {turn}"
                    labels.setdefault(found, f"<{what}>")
    return Labels(labels)


def canonical(value: Any, labels: Labels) -> Any:
    """The value with labels for what was made up, and without moments and other noise; lists of maps sorted."""
    match value:
        case {"hash": _, "path": _, **others} if value.get(SIGNATURE) in (ASSET, ARCHIVE):
            # A part that was a zip file comes back as a folder with the same in it; the hash says what it is.
            return canonical(others | {"hash": value["hash"]}, labels)
        case dict():
            return {canonical(key, labels): canonical(item, labels) for key, item in value.items() if key not in NOISE}
        case list():
            items = [canonical(item, labels) for item in value]
            return sorted(items, key=json.dumps) if items and all(isinstance(item, dict) for item in items) else items
        case str():
            return MOMENT.sub("<moment>", labels.put_into(value))
        case None | bool() | int() | float():
            return value
    return "<moment>"


def canonical_state(checkpoint: Mapping[str, Any], labels: Labels) -> Any:
    """Recorded resources of a decrypted state, by URN."""
    found = {}
    for resource in _resources(checkpoint):
        told = {key: value for key, value in resource.items() if key not in UNTOLD}
        told["dependencies"] = sorted(told.get("dependencies") or ())
        told["propertyDependencies"] = {
            key: sorted(urns) for key, urns in (told.get("propertyDependencies") or {}).items() if urns
        }
        found[resource["urn"]] = canonical(told, labels)
    return found


def made_anew_though_ignoring(before: Mapping[str, Any], after: Mapping[str, Any], labels: Labels) -> frozenset[str]:
    """URNs and canonical ids of resources that ignore changes and were made between the two states."""
    known = {resource.get("created") for resource in _resources(before)}
    made = [
        resource
        for resource in _resources(after)
        if resource.get("ignoreChanges") and resource.get("created") not in known
    ]
    return frozenset(name for each in made for name in (each["urn"], labels.put_into(each["id"])))


def without(value: Any, names: Collection[str]) -> Any:
    """The value without the members of these names."""
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return value


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where two canonical values differ, a line each."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            line
            for key in sorted(expected.keys() | found.keys())
            for line in differences(expected.get(key, "(none)"), found.get(key, "(none)"), f"{place} / {key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for position, (one, other) in enumerate(zip(expected, found, strict=True))
            for line in differences(one, other, f"{place}[{position}]")
        ]
    if expected == found:
        return []
    return [f"{place}: {json.dumps(found)[:300]} instead of {json.dumps(expected)[:300]}"]


def _resources(checkpoint: Mapping[str, Any]) -> list[dict[str, Any]]:
    latest = checkpoint["checkpoint"].get("latest") or {}
    resources: list[dict[str, Any]] = latest.get("resources") or []
    return resources
