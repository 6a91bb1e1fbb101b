"""A checkpoint is read without losing anything, or not at all."""

import hashlib
import json
from typing import Any

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.assets import AssetKind
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.versions.examples import FILE, FOLDER, MIXED, SECRET, TEXT, checkpoint, document, resource

SERVICE = "rollback-plugin:index:LambdaService"
EXPORTED = {"version": 3, "deployment": document(resource("a"))["checkpoint"]["latest"]}
WITH_FEATURES = {**document(resource("a", taint=True)), "version": 4, "features": ["taint"]}
EVERYTHING = document(
    resource("root", "pulumi:pulumi:Stack", custom=False),
    resource(
        "a",
        id="x",
        inputs={"n": 1, "f": 1.5, "big": 12345678901234567890, "s": SECRET, "none": None, "lone": "\ud800"},
        outputs={},
        importID="import-me",
        fieldOfTheFuture={"deep": [1, {"er": None}]},
        propertyDependencies={"n": None},
        customTimeouts={"create": 60},
        protect=False,
        parent="",
    ),
    resource("a", delete=True),
    pending_operations=[{"resource": resource("b"), "type": "creating"}],
    snippets=[{"uuid": "1"}],
)


@pytest.mark.parametrize(
    "whole",
    [
        EVERYTHING,
        EXPORTED,
        WITH_FEATURES,
        {"version": 3, "checkpoint": {"stack": "s"}},
        {"version": 3, "checkpoint": {"stack": "s", "latest": None}},
        {"version": 3, "deployment": {"manifest": {}}},
        {"version": 3, "deployment": {"resources": []}},
        {"version": 3, "deployment": {"resources": None}},
        {"version": 3, "deployment": {}, "somethingNew": True},
    ],
    ids=[
        "everything",
        "export",
        "features",
        "never deployed",
        "null",
        "no resources",
        "empty list",
        "null list",
        "unknown field",
    ],
)
def test_a_document_comes_back_byte_for_byte(whole: dict[str, Any]) -> None:
    parsed = Checkpoint.parse(json.dumps(whole).encode())

    assert canonical_json(parsed.document) == canonical_json(whole)
    assert Checkpoint.from_lines(parsed.lines) == parsed


def test_a_digest_is_the_root_over_all_lines() -> None:
    one, two = checkpoint(resource("a"), resource("b")), checkpoint(resource("b"), resource("a"))

    leaves = b"".join(hashlib.sha256(line).digest() for line in one.lines)
    assert one.digest == hashlib.sha256(leaves).hexdigest()
    assert one.digest != two.digest


def test_fields_absent_from_the_document_have_the_engines_defaults() -> None:
    found = checkpoint(resource("a")).resources[0]

    assert (found.delete, found.protect, found.parent) == (False, False, "")
    assert (found.inputs, found.dependencies) == (None, None)


def test_a_changed_copy_writes_what_changed_and_nothing_else() -> None:
    original = checkpoint(resource("a", inputs={"n": 1}, unknown=7)).resources[0]

    changed = original.having(inputs={"n": 2})

    assert changed.document == {**original.document, "inputs": {"n": 2}}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b'{"version": 3, "checkpoint": {"latest": {"resour', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"version": 2, "checkpoint": {}}', "version 2"),
        (b'{"version": 5, "checkpoint": {}}', "version 5"),
        (b'{"checkpoint": {}}', "version None"),
        (b'{"version": 3}', 'neither "checkpoint" nor "deployment"'),
        (b'{"version": 3, "deployment": []}', "snapshot is not a JSON object"),
        (b'{"version": 3, "deployment": {"resources": {}}}', "resources are not a list"),
        (b'{"version": 3, "deployment": {"resources": ["x"]}}', "resource 0"),
        (b'{"version": 3, "deployment": {"resources": [{"urn": "u"}]}}', "resource u can't be read (type: missing)"),
        (b'{"version": 4, "features": ["taint", "teleport"], "deployment": {}}', "not known here: teleport"),
    ],
)
def test_a_damaged_or_newer_document_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(DamagedSnapshot) as refusal:
        Checkpoint.parse(data, source="version 7 of shop/dev")

    assert "version 7 of shop/dev" in str(refusal.value)
    assert says in str(refusal.value)


def test_a_refusal_shows_no_values() -> None:
    damaged = document(resource("a", inputs="hunter2"))

    with pytest.raises(DamagedSnapshot) as refusal:
        Checkpoint.parse(json.dumps(damaged).encode())

    assert "inputs" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_assets_are_found_wherever_they_lie_and_asset_archives_count_once() -> None:
    found = checkpoint(
        resource("a", inputs={"code": MIXED, "layers": [FOLDER, {"deep": FILE}], "text": TEXT, "secret": SECRET}),
        resource("gone", delete=True, inputs={"code": FILE}),
    ).assets()

    assert [(asset.property_text, asset.kind, asset.path) for asset in found] == [
        ("code", AssetKind.ASSET_ARCHIVE, ""),
        ("layers[0]", AssetKind.PATH_ARCHIVE, "src"),
        ("layers[1].deep", AssetKind.FILE, "app.py"),
        ("text", AssetKind.TEXT, ""),
    ]
    assert [asset.needs_bytes for asset in found] == [True, True, True, False]


def test_services_are_what_components_declared() -> None:
    declared = {"name": "orders", "kind": "LambdaService", "alarms": ["errors"], "policy": {"bake_seconds": 60}}
    found = checkpoint(
        resource("orders", SERVICE, custom=False, outputs={"service": declared}),
        resource("other", "acme:index:Service", custom=False, outputs={"service": declared}),
        resource("old", SERVICE, custom=False, delete=True, outputs={"service": declared}),
        resource("unfinished", "rollback-plugin:index:LambdaService", custom=False),
    ).services()

    assert [service.name for service in found] == ["orders"]
    assert (found[0].alarms, found[0].policy.bake_seconds) == (("errors",), 60)


def test_a_service_with_a_secret_inside_is_refused_without_showing_it() -> None:
    declared = {"name": "orders", "kind": "LambdaService", "interface": {"url": SECRET}}
    found = checkpoint(resource("orders", "rollback-plugin:index:LambdaService", outputs={"service": declared}))

    with pytest.raises(DamagedSnapshot, match="secret") as refusal:
        found.services()

    assert SECRET["ciphertext"] not in str(refusal.value)


def test_live_resources_are_found_by_urn_even_where_a_replaced_one_waits_for_deletion() -> None:
    found = checkpoint(resource("a", id="old", delete=True), resource("a", id="new"))

    assert found.by_urn[found.resources[0].urn].id == "new"
