"""Keeps the options of registration that a checkpoint doesn't hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace
from pulumi.runtime.proto import alias_pb2

from rollback_plugin.versions.links import ProgramLinks, ResourceLinks
from rollback_plugin.versions.urn import child_urn


@dataclass(frozen=True, slots=True)
class DeclaredOptions:
    """What a program said of one resource."""

    delete_before_replace: bool | None = None
    aliases: tuple[str, ...] = ()
    """URNs."""


class OptionKeeper:
    """The options of the resources of one run, those of remote components' children too. Called from many threads: a
    URN is asked about once."""

    def __init__(self) -> None:
        self._by_urn: dict[str, DeclaredOptions] = {}

    def note(
        self,
        parent: str,
        type_token: str,
        name: str,
        delete_before_replace: bool | None,
        aliases: Iterable[alias_pb2.Alias],
    ) -> None:
        """Keep what is no default. parent: a URN, empty for the stack itself. delete_before_replace: None where the
        program doesn't state it."""
        if not parent:
            return
        own = _Place(parent, type_token, name)
        declared = DeclaredOptions(delete_before_replace, tuple(_alias_urns(aliases, own)))
        if declared != DeclaredOptions():
            self._by_urn[own.urn] = declared

    @property
    def by_urn(self) -> Mapping[str, DeclaredOptions]:
        """What was kept so far, by URN."""
        return dict(self._by_urn)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a resource stands."""

    parent: str
    type_token: str
    name: str

    @property
    def urn(self) -> str:
        return child_urn(self.parent, self.type_token, self.name)


def _alias_urns(aliases: Iterable[alias_pb2.Alias], own: _Place) -> Iterable[str]:
    for alias in aliases:
        urn = alias.urn or _collapsed(alias.spec, own)
        if urn != own.urn:
            yield urn


def _collapsed(spec: alias_pb2.Alias.Spec, own: _Place) -> str:
    """An alias as a URN: what it doesn't name is the resource's own (`collapseAliasToUrn` in
    pkg/resource/deploy/step_generator.go)."""
    own_head, own_project, *_ = own.parent.split("::", 3)
    head = f"urn:pulumi:{spec.stack}" if spec.stack else own_head
    project, type_token, name = spec.project or own_project, spec.type or own.type_token, spec.name or own.name
    if spec.noParent:
        return f"{head}::{project}::{type_token}::{name}"
    *_, parent_types, parent_name = (spec.parentUrn or own.parent).split("::", 3)
    return child_urn(f"{head}::{project}::{parent_types}::{parent_name}", type_token, name)


def with_options(links: ProgramLinks, options: Mapping[str, DeclaredOptions]) -> ProgramLinks:
    """Both in one record."""
    resources = dict(links.resources)
    for urn, declared in options.items():
        resources[urn] = replace(
            resources.get(urn, ResourceLinks()),
            delete_before_replace=declared.delete_before_replace,
            aliases=declared.aliases,
        )
    return replace(links, resources=resources)
