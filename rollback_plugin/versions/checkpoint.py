"""The engine's record of a stack: its checkpoint, parsed so that nothing in it is lost.

Two documents hold one: what a DIY backend writes, `{"version": 3, "checkpoint": {"stack": …, "latest": {…}}}`, and what
`pulumi stack export` prints, `{"version": 3, "deployment": {…}}`. Version 4 adds `"features": […]`
(sdk/go/common/apitype/core.go: VersionedCheckpoint, UntypedDeployment, DeploymentV3, ResourceV3).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from msgspec import Struct, field
from msgspec.structs import force_setattr

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.stored import Misfit, fitted
from rollback_plugin.versions.assets import AssetReference, asset_references
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.collecting import without_collecting
from rollback_plugin.versions.properties import contains_secret, secrets_in
from rollback_plugin.versions.service import Service

READABLE_VERSIONS = (3, 4)
# pkg/resource/stack/deployment.go: supportedFeatures. The engine, too, refuses a document with any other.
READABLE_FEATURES = frozenset(
    {
        "refreshBeforeUpdate",
        "views",
        "hooks",
        "taint",
        "replaceWith",
        "snippets-prototype",
        "extensionParameterization",
        "byteString",
    }
)
SERVICE_TYPE_PREFIX = "rollback-plugin:"
SERVICE_OUTPUT = "service"
CIPHERTEXT, PLAINTEXT = "ciphertext", "plaintext"
"""What a secret has beside its signature: the one while it is sealed, the other when it was opened."""


class Resource(Struct, frozen=True, rename="camel"):
    """One resource of a checkpoint. Fields that are not listed here are kept too, and written back as they were."""

    urn: str
    type: str
    custom: bool = False
    delete: bool = False
    id: str = ""
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    parent: str = ""
    protect: bool = False
    taint: bool = False
    external: bool = False
    dependencies: list[str] | None = None
    init_errors: list[str] | None = None
    provider: str = ""
    """Reference of the provider: `<urn>::<id>`; empty for providers and components."""
    property_dependencies: dict[str, list[str] | None] | None = None
    pending_replacement: bool = False
    additional_secret_outputs: list[str] | None = None
    aliases: list[str] | None = None
    custom_timeouts: dict[str, Any] | None = None
    """`create`, `update`, `delete` in seconds."""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] | None = None
    ignore_changes: list[str] | None = None
    replace_on_changes: list[str] | None = None
    replacement_trigger: Any = None
    refresh_before_update: bool = False
    view_of: str = ""
    document: dict[str, Any] = field(default_factory=dict, name="")
    """The resource as the engine wrote it: exactly the fields that were there. (No field of its has an empty name.)"""

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The resource that a checkpoint has like this. Raises `Misfit`."""
        resource = fitted(document, cls)
        force_setattr(resource, "document", document)
        return resource

    def having(self, **fields: object) -> Self:
        """The same with other values of these fields, each by its name in the checkpoint. Raises `Misfit`."""
        return self.of({**self.document, **fields})

    @property
    def name(self) -> str:
        """The last part of the URN: the name the program gave it."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint: its resources in the engine's order, and everything around them."""

    envelope: Mapping[str, Any]
    """The document with an empty list of resources where it has one."""
    resources: tuple[Resource, ...]

    @classmethod
    @without_collecting()
    def parse(cls, data: bytes, *, source: str = "the checkpoint") -> Self:
        """Read a document. Raises `DamagedSnapshot`, naming `source`, for one that can't be read in full."""
        try:
            document = json.loads(data)
        except ValueError as error:
            raise _damaged(source, f"it is not JSON ({type(error).__name__})") from None
        return cls.from_document(document, source=source)

    @classmethod
    def from_document(cls, document: object, *, source: str = "the checkpoint") -> Self:
        """Like `parse`, from the JSON value. Raises `DamagedSnapshot`."""
        if not isinstance(document, dict):
            raise _damaged(source, "it is not a JSON object")
        _check_readable(document, source)
        snapshot = _snapshot(document, source)
        raw_resources = None if snapshot is None else snapshot.get("resources")
        if raw_resources is None:
            return cls(document, ())
        if not isinstance(raw_resources, list):
            raise _damaged(source, "its resources are not a list")
        resources = tuple(_parse_resource(raw, index, source) for index, raw in enumerate(raw_resources))
        return cls(_with_resources(document, snapshot, []), resources)

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value this was parsed from, with the present resources."""
        snapshot = _snapshot(self.envelope, "the checkpoint")
        return _with_resources(self.envelope, snapshot, [resource.document for resource in self.resources])

    @classmethod
    @without_collecting()
    def from_lines(cls, lines: Sequence[bytes], *, source: str = "the checkpoint") -> Self:
        """The checkpoint that has these `lines`. Raises `DamagedSnapshot`."""
        try:
            envelope, *resources = map(json.loads, lines)
        except ValueError as error:
            raise _damaged(source, f"a line of it is not JSON ({type(error).__name__})") from None
        return cls(envelope, tuple(_parse_resource(raw, index, source) for index, raw in enumerate(resources)))

    @cached_property
    def lines(self) -> tuple[bytes, ...]:
        """What surrounds the resources, and then each of them, as canonical JSON: what is hashed and kept."""
        return canonical_json(self.envelope), *(canonical_json(resource.document) for resource in self.resources)

    @cached_property
    def digest(self) -> str:
        """The `digest_of` its lines."""
        return digest_of(self.lines)

    @cached_property
    def ciphertexts(self) -> Mapping[int, tuple[str, ...]]:
        """What is sealed in it, by the number of the line that has it: that of the resource, counted from 1, and 0 for
        what surrounds them. Lines without are left out. Kept, as to look takes as long as to parse it."""
        lines = [self.envelope, *(resource.document for resource in self.resources)]
        found = {number: _ciphertexts_in(line) for number, line in enumerate(lines)}
        return {number: ciphertexts for number, ciphertexts in found.items() if ciphertexts}

    @property
    def deployment(self) -> Mapping[str, Any]:
        """The engine's snapshot (`latest` or `deployment`) without its resources; empty for a stack never deployed."""
        return _snapshot(self.envelope, "the checkpoint") or {}

    @property
    def secrets_providers(self) -> Mapping[str, Any] | None:
        """Who encrypts this stack's secrets: `type` and `state` (a salt, a wrapped key), never a key."""
        found = self.deployment.get("secrets_providers")
        return found if isinstance(found, Mapping) else None

    @property
    def pending_operations(self) -> tuple[Mapping[str, Any], ...]:
        """What the engine was doing when it was killed: `{"resource": …, "type": "creating"}` and the like."""
        return tuple(self.deployment.get("pending_operations") or ())

    def with_resources(self, resources: tuple[Resource, ...]) -> "Checkpoint":
        """The same checkpoint with other resources."""
        return replace(self, resources=resources)

    def with_pending_operations(self, operations: Sequence[Mapping[str, Any]]) -> "Checkpoint":
        """The same checkpoint with other pending operations. For one that has a snapshot."""
        snapshot = {key: value for key, value in self.deployment.items() if key != "pending_operations"}
        if operations:
            snapshot["pending_operations"] = [dict(operation) for operation in operations]
        if "deployment" in self.envelope:
            return replace(self, envelope={**self.envelope, "deployment": snapshot})
        inner = {**self.envelope["checkpoint"], "latest": snapshot}
        return replace(self, envelope={**self.envelope, "checkpoint": inner})

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Live resources (those not waiting to be deleted) by URN."""
        return {resource.urn: resource for resource in self.resources if not resource.delete}

    def services(self) -> tuple[Service, ...]:
        """The services that components declared, in the order of their registration.

        Raises `DamagedSnapshot` where a declaration can't be read, or holds a secret: it is shown to people.
        """
        return tuple(
            _service(resource)
            for resource in self.resources
            if not resource.delete
            and resource.type.startswith(SERVICE_TYPE_PREFIX)
            and SERVICE_OUTPUT in (resource.outputs or {})
        )

    def assets(self) -> tuple[AssetReference, ...]:
        """Every asset and archive in the inputs of live resources, members of asset archives not listed again."""
        return tuple(
            reference
            for resource in self.resources
            if not resource.delete
            for reference in asset_references(resource.urn, resource.inputs or {})
        )


def digest_of(lines: Sequence[bytes]) -> str:
    """The root of a hash tree over a checkpoint's lines: the sha256 of their sha256s, one after the other.

    A single line can so be shown to belong to a checkpoint without the others' content.
    """
    return sha256_hex(b"".join(hashlib.sha256(line).digest() for line in lines))


def _ciphertexts_in(value: Any) -> tuple[str, ...]:
    return tuple(secret[CIPHERTEXT] for secret in secrets_in(value) if PLAINTEXT not in secret)


def _check_readable(document: Mapping[str, Any], source: str) -> None:
    version = document.get("version")
    if version not in READABLE_VERSIONS:
        raise _damaged(source, f"it says it is of version {version!r}; versions 3 and 4 can be read here")
    features = document.get("features") or []
    unknown = sorted(str(feature) for feature in features if feature not in READABLE_FEATURES)
    if unknown:
        raise _damaged(source, f"it needs features that are not known here: {', '.join(unknown)}")


def _snapshot(document: Mapping[str, Any], source: str) -> Mapping[str, Any] | None:
    """The engine's snapshot inside the document; None for a stack that was never deployed."""
    if "deployment" in document:
        found = document["deployment"]
    elif isinstance(document.get("checkpoint"), Mapping):
        found = document["checkpoint"].get("latest")
    else:
        raise _damaged(source, 'it has neither "checkpoint" nor "deployment"')
    if found is not None and not isinstance(found, Mapping):
        raise _damaged(source, "its snapshot is not a JSON object")
    return found


def _with_resources(
    document: Mapping[str, Any], snapshot: Mapping[str, Any] | None, resources: list[dict[str, Any]]
) -> dict[str, Any]:
    if snapshot is None or (snapshot.get("resources") is None and not resources):
        return dict(document)
    changed = {**snapshot, "resources": resources}
    if "deployment" in document:
        return {**document, "deployment": changed}
    return {**document, "checkpoint": {**document["checkpoint"], "latest": changed}}


def _parse_resource(raw: object, index: int, source: str) -> Resource:
    if not isinstance(raw, dict):
        raise _damaged(source, f"resource {index} is not a JSON object")
    try:
        return Resource.of(raw)
    except Misfit as misfit:
        # The values themselves stay out of the message: they may be secret.
        raise _damaged(source, f"resource {raw.get('urn') or index} can't be read ({misfit})") from None


def _service(resource: Resource) -> Service:
    declared = (resource.outputs or {})[SERVICE_OUTPUT]
    if contains_secret(declared):
        raise DamagedSnapshot(
            f"The service declared by {resource.urn} holds a secret value. What a service promises its consumers is"
            " shown in reports and kept in the clear, so no part of it may be secret: give the component plain"
            " values."
        )
    try:
        return fitted(declared, Service)
    except Misfit as misfit:
        raise DamagedSnapshot(
            f"The service declared by {resource.urn} can't be read ({misfit}). It was written by"
            " another version of rollback-plugin: deploy once more with the installed one."
        ) from None


def _damaged(source: str, found: str) -> DamagedSnapshot:
    return DamagedSnapshot(
        f"The snapshot in {source} can't be used: {found}. If a newer Pulumi or rollback-plugin wrote it, use that"
        " version; otherwise it is damaged, and another version of the stack has to be chosen."
    )
