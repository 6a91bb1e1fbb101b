"""Checkpoints for tests, in the engine's own words."""

import json
from typing import Any

from rollback_plugin.versions.checkpoint import Checkpoint

ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc:def"}
FILE = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": "f" * 64, "path": "app.py"}
TEXT = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": "e" * 64, "text": "hello"}
FOLDER = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "d" * 64, "path": "src"}
MIXED = {
    "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
    "hash": "c" * 64,
    "assets": {"app.py": FILE, "lib": FOLDER},
}


def resource(name: str, type_: str = "aws:sqs/queue:Queue", **fields: Any) -> dict[str, Any]:
    urn = ROOT if type_ == "pulumi:pulumi:Stack" else f"urn:pulumi:dev::shop::{type_}::{name}"
    return {"urn": urn, "type": type_, "custom": True, **fields}


def document(*resources: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What a file backend holds."""
    return {
        "version": 3,
        "checkpoint": {
            "stack": "organization/shop/dev",
            "latest": {
                "manifest": {"time": "2026-01-02T03:04:05Z", "magic": "m", "version": "v3.259.0"},
                "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:salt"}},
                "resources": list(resources),
                "metadata": {},
                **fields,
            },
        },
    }


def checkpoint(*resources: dict[str, Any], **fields: Any) -> Checkpoint:
    return Checkpoint.parse(json.dumps(document(*resources, **fields)).encode())
