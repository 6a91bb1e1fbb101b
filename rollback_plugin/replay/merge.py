"""Keeping what happened meanwhile: what a recovery registers where something was deployed after the rollback.

Three recordings meet: the *base* is the version that was rolled back to, the *version* is the one to be recovered, and
*current* is what the stack has now. What only one side changed since the base is taken from that side: a property, an
option, an output, a resource made or removed. What both changed differently is a conflict, named and never settled by
guessing.

The result is in the version's terms: values that came from outputs are what the version recorded of them (the current
state where only that has the resource), so that a replay relinks them as it does those of any recorded version.
Merging again into a state that was brought half-way gives the same result, so an interrupted recovery can be run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.frame import in_terms_of
from rollback_plugin.replay.property_values import ENGINE_INTERNAL, Value, as_the_program_gave_it, path_text
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.renaming import under_common_names
from rollback_plugin.replay.three_way import ABSENT, choose, merge_values, same

OPTIONS = (
    "parent",
    "protect",
    "retain_on_delete",
    "deleted_with",
    "replace_with",
    "ignore_changes",
    "replace_on_changes",
    "replacement_trigger",
    "additional_secret_outputs",
    "custom_timeouts_seconds",
)
"""Fields of a recorded resource that say how it is to be treated."""
LINKS = frozenset({"parent", "deleted_with", "replace_with"})
"""Those that name other resources."""

Recording = Sequence[RecordedResource]
_ByUrn = Mapping[str, RecordedResource]


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """What both sides changed differently, by name."""

    urn: str
    property: str
    """Path of an input, `outputs.` and the path of an output, `options.` and an option; empty for the resource as a
    whole."""
    why: str
    settled: bool
    """Whether the policy could say which side has its way."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The resources to register, and every conflict that was met."""

    resources: tuple[RecordedResource, ...]
    conflicts: tuple[MergeConflict, ...]


def merge(base: Recording, version: Recording, current: Recording, policy: ConflictPolicy) -> Merge:
    """Merge what was changed between `base` and `current` into `version`.

    With a policy that refuses, the result is worth nothing where there are conflicts.
    """
    names = under_common_names(base, version, current, policy)
    present = _by_urn(names.current)
    frame = {**_by_urn(names.base), **present, **_by_urn(names.version)}
    merging = _Merging(
        _by_urn(in_terms_of(frame, names.base)),
        _by_urn(names.version),
        _by_urn(in_terms_of(frame, names.current)),
        policy,
    )
    for urn in names.renamed_apart:
        merging.conflict(urn, "name", "both gave it another name")
    for urn in names.clashing:
        merging.unsettled(urn, "", "they have two different resources of this name, one of them renamed")
    return merging.result()


class _Merging:
    """One merge. What it works on is in common names and common terms."""

    def __init__(self, base: _ByUrn, version: _ByUrn, current: _ByUrn, policy: ConflictPolicy) -> None:
        self._base = base
        self._version = version
        self._current = current
        self._policy = policy
        self._conflicts: list[MergeConflict] = []

    def conflict(self, urn: str, name: str, why: str) -> None:
        self._conflicts.append(MergeConflict(urn, name, why, self._policy is not ConflictPolicy.REFUSE))

    def unsettled(self, urn: str, name: str, why: str) -> None:
        self._conflicts.append(MergeConflict(urn, name, why, settled=False))

    def result(self) -> Merge:
        found = {
            urn: resource
            for urn in dict.fromkeys([*self._version, *self._current])
            if (resource := self._merged(urn)) is not None
        }
        self._bring_what_is_needed(found)
        return Merge(tuple(found.values()), tuple(self._conflicts))

    def _merged(self, urn: str) -> RecordedResource | None:
        base, version, current = self._base.get(urn), self._version.get(urn), self._current.get(urn)
        if version is not None and current is not None:
            return self._merged_properties(base, version, current)
        there = version or current
        if base is None or there is None:
            return there
        if _declared_alike(there, base):
            return None
        side = "the version" if version is not None else "the current state"
        self.conflict(urn, "", f"only {side} still has it, and changed it")
        wanted = self._version if self._policy is not ConflictPolicy.CURRENT else self._current
        return wanted.get(urn)

    def _merged_properties(
        self, base: RecordedResource | None, version: RecordedResource, current: RecordedResource
    ) -> RecordedResource:
        inputs = self._merged_map(version.urn, "", _given(base) if base else ABSENT, _given(version), _given(current))
        outputs = version.outputs
        if not version.custom:
            before = base.outputs if base else ABSENT
            outputs = self._merged_map(version.urn, "outputs.", before, version.outputs, current.outputs)
        merged = replace(
            version,
            inputs=_with_plugin(version, current, inputs),
            outputs=outputs,
            provider=self._provider(base, version, current),
            property_dependencies=_property_dependencies(version, current, inputs),
            **{name: self._option(name, base, version, current) for name in OPTIONS},
        )
        if version.external:
            merged = replace(merged, id=self._option("id", base, version, current))
        return replace(merged, dependencies=_dependencies(base, version, current, merged.property_dependencies))

    def _merged_map(
        self, urn: str, kind: str, base: Value, version: Mapping[str, Value], current: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        before = base if base is ABSENT else dict(base)
        found = merge_values(before, dict(version), dict(current), self._policy)
        for path in found.conflicts:
            self.conflict(urn, kind + path_text(path), "both changed it, each in its own way")
        value: Mapping[str, Value] = found.value
        return value

    def _option(
        self, name: str, base: RecordedResource | None, version: RecordedResource, current: RecordedResource
    ) -> Value:
        # A resource that only the version has is kept by a rollback without its links to what went.
        missing = getattr(current, name) if name in LINKS else ABSENT
        before = missing if base is None else getattr(base, name)
        found = merge_values(before, getattr(version, name), getattr(current, name), self._policy)
        if found.conflicts:
            self.conflict(version.urn, f"options.{name}", "both changed it, each in its own way")
        return found.value

    def _provider(self, base: RecordedResource | None, version: RecordedResource, current: RecordedResource) -> str:
        chosen, conflict = choose(base or current, version, current, self._policy, lambda side: side.provider_urn)
        if conflict:
            self.conflict(version.urn, "options.provider", "both changed it, each in its own way")
        return chosen.provider

    def _bring_what_is_needed(self, found: dict[str, RecordedResource]) -> None:
        """A resource that only one side has left is wanted after all where what the other side made or changed needs
        it."""
        wanted = list(found.values())
        while wanted:
            resource = wanted.pop()
            for urn in sorted(resource.needs - found.keys()):
                needed = self._needed(urn, resource)
                if needed is not None:
                    found[urn] = needed
                    wanted.append(needed)

    def _needed(self, urn: str, by: RecordedResource) -> RecordedResource | None:
        there = self._version.get(urn) or self._current.get(urn)
        if there is None or there.is_provider:
            # A provider exists nowhere but in the state, as a way to make others: having it contradicts nothing.
            return there
        preferred = self._current if self._policy is ConflictPolicy.CURRENT else self._version
        why = f"one side removed it, and the other has {by.urn}, which needs it"
        if urn not in preferred:
            self.unsettled(urn, "", why)
            return None
        self.conflict(urn, "", why)
        return preferred[urn]


def _by_urn(resources: Recording) -> dict[str, RecordedResource]:
    return {resource.urn: resource for resource in resources}


def _given(resource: RecordedResource) -> dict[str, Value]:
    given: dict[str, Value] = as_the_program_gave_it(dict(resource.inputs))
    return given


def _declared_alike(one: RecordedResource, other: RecordedResource) -> bool:
    alike = same(_given(one), _given(other)) and one.provider_urn == other.provider_urn
    return alike and all(same(getattr(one, name), getattr(other, name)) for name in OPTIONS)


def _with_plugin(
    version: RecordedResource, current: RecordedResource, merged: Mapping[str, Value]
) -> Mapping[str, Value]:
    """The merged inputs; of a provider with what the engine keeps of its plugin beside them."""
    if merged == _given(version):
        return version.inputs
    side = current if same(merged, _given(current)) else version
    return {**merged, **{key: value for key, value in side.inputs.items() if key == ENGINE_INTERNAL}}


def _property_dependencies(
    version: RecordedResource, current: RecordedResource, merged: Mapping[str, Value]
) -> Mapping[str, tuple[str, ...]]:
    """Of each property what the side depends on that its value is from; of both where it is from both."""
    of_version, of_current = _given(version), _given(current)

    def of(side: RecordedResource, key: str) -> tuple[str, ...]:
        return side.property_dependencies.get(key, ()) if side.property_dependencies else side.dependencies

    def merged_of(key: str) -> tuple[str, ...]:
        if same(merged[key], of_version.get(key, ABSENT)):
            return of(version, key)
        if same(merged[key], of_current.get(key, ABSENT)):
            return of(current, key)
        return tuple(dict.fromkeys([*of(version, key), *of(current, key)]))

    if same(merged, of_version):
        return version.property_dependencies
    return {key: merged_of(key) for key in merged}


def _dependencies(
    base: RecordedResource | None,
    version: RecordedResource,
    current: RecordedResource,
    of_properties: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    before = set(base.dependencies if base else ())
    removed = before - set(current.dependencies)
    added = [urn for urn in current.dependencies if urn not in before]
    needed = [urn for urns in of_properties.values() for urn in urns]
    return tuple(dict.fromkeys([*(urn for urn in version.dependencies if urn not in removed), *added, *needed]))
