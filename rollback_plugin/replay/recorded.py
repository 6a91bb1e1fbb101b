"""The resources of a checkpoint as the replay needs them: decrypted, in the form of the wire, in dependency order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from rollback_plugin.replay.property_values import Value, from_checkpoint
from rollback_plugin.versions.checkpoint import Checkpoint, Resource

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_TYPE_PREFIX = "pulumi:providers:"
ENGINE_PROVIDER_TYPE = "pulumi:providers:pulumi"


@dataclass(frozen=True, slots=True)
class RecordedResource:
    """One resource as a checkpoint has it (apitype.ResourceV3 in sdk/go/common/apitype/core.go)."""

    urn: str
    type: str
    id: str = ""
    custom: bool = True
    external: bool = False
    parent: str = ""
    provider: str = ""
    """`<provider's URN>::<provider's id>`; empty where there is none."""
    # Secrets are plain text here, so values stay out of whatever prints a resource.
    inputs: Mapping[str, Value] = field(default_factory=dict, repr=False)
    outputs: Mapping[str, Value] = field(default_factory=dict, repr=False)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Value = field(default=None, repr=False)
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts_seconds: Mapping[str, float] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    # No checkpoint holds these: they are known where `track()` saw the program.
    delete_before_replace: bool | None = None
    declared_aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in the program: what follows the third `::` of the URN (names may hold `::` themselves)."""
        return self.urn.split("::", 3)[3]

    @property
    def is_stack(self) -> bool:
        return self.type == STACK_TYPE

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_TYPE_PREFIX)

    @property
    def provider_urn(self) -> str:
        """URN of the provider resource; empty for none, and for the provider that is the engine itself."""
        urn = self.provider.rpartition("::")[0]
        return "" if urn and type_of(urn) == ENGINE_PROVIDER_TYPE else urn

    @property
    def needs(self) -> frozenset[str]:
        """URNs that have to be registered before this one."""
        mentioned = {self.parent, self.provider_urn, self.deleted_with, *self.dependencies, *self.replace_with}
        mentioned.update(urn for urns in self.property_dependencies.values() for urn in urns)
        return frozenset(mentioned - {"", self.urn})


def type_of(urn: str) -> str:
    """The resource's own type token, from its URN: the last part of the `$`-joined type chain."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def owner_of(urn: str) -> tuple[str, str]:
    """(project, stack) a URN belongs to."""
    head, project, *_ = urn.split("::", 3)
    return project, head.removeprefix("urn:pulumi:")


def read_resources(checkpoint: Checkpoint) -> tuple[RecordedResource, ...]:
    """The live resources of a decrypted checkpoint, in recorded order.

    Left-overs of a replacement that wait for their deletion (`delete: true`) are not part of what the program declared,
    and the engine's own provider is the engine's to register: both are left out.
    """
    return tuple(
        _read(resource)
        for resource in checkpoint.resources
        if not resource.delete and resource.type != ENGINE_PROVIDER_TYPE
    )


def _read(resource: Resource) -> RecordedResource:
    hooks = resource.document.get("resourceHooks") or {}
    return RecordedResource(
        urn=resource.urn,
        type=resource.type,
        id=resource.id,
        custom=resource.custom,
        external=resource.external,
        parent=resource.parent,
        provider=resource.provider,
        inputs=from_checkpoint(resource.inputs or {}),
        outputs=from_checkpoint(resource.outputs or {}),
        dependencies=tuple(resource.dependencies or ()),
        property_dependencies={key: tuple(urns or ()) for key, urns in (resource.property_dependencies or {}).items()},
        protect=resource.protect,
        retain_on_delete=resource.retain_on_delete,
        deleted_with=resource.deleted_with,
        replace_with=tuple(resource.replace_with or ()),
        ignore_changes=tuple(resource.ignore_changes or ()),
        replace_on_changes=tuple(resource.replace_on_changes or ()),
        replacement_trigger=from_checkpoint(resource.replacement_trigger),
        additional_secret_outputs=tuple(resource.additional_secret_outputs or ()),
        custom_timeouts_seconds={
            name: seconds for name, seconds in (resource.custom_timeouts or {}).items() if seconds
        },
        hooks=tuple(name for names in hooks.values() for name in names),
    )


def managed_originals(resources: Sequence[RecordedResource]) -> Mapping[str, str]:
    """URN of a resource that is read → URN of the resource of the same stack that it is.

    A program can read what it made (`Queue.get("seen", made.id)`), and the SDKs record no dependency for the id
    (`read_resource` in pulumi/runtime/resource.py): but type and id are the very same.
    """
    made = {(resource.type, resource.id): resource.urn for resource in resources if _is_made(resource)}
    needs = {resource.urn: resource.needs for resource in resources}
    found = {
        resource.urn: made[resource.type, resource.id]
        for resource in resources
        if resource.external and (resource.type, resource.id) in made
    }
    return {read: original for read, original in found.items() if read not in _everything_before(original, needs)}


def _is_made(resource: RecordedResource) -> bool:
    return resource.custom and not resource.external and bool(resource.id)


def _everything_before(urn: str, needs: Mapping[str, frozenset[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [urn]
    while waiting:
        for needed in needs.get(waiting.pop(), frozenset()) - seen:
            seen.add(needed)
            waiting.append(needed)
    return seen


def dependency_order(resources: Sequence[RecordedResource]) -> TopologicalSorter[str]:
    """A prepared sorter over the resources' URNs; what isn't among them counts as there already."""
    known = {resource.urn for resource in resources}
    originals = managed_originals(resources)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for resource in resources:
        sorter.add(resource.urn, *(resource.needs & known), *filter(None, [originals.get(resource.urn)]))
    sorter.prepare()
    return sorter
