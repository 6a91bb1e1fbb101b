"""Keeps the options of registration that a checkpoint doesn't hold, from the engine's transform requests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pulumi.runtime.proto import alias_pb2, resource_pb2

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

    def note(self, asked: resource_pb2.TransformRequest) -> None:
        """Keep what is no default."""
        if not asked.parent:
            return
        stated = asked.options.HasField("delete_before_replace")
        declared = DeclaredOptions(
            delete_before_replace=asked.options.delete_before_replace if stated else None,
            aliases=tuple(_alias_urns(asked)),
        )
        if declared != DeclaredOptions():
            self._by_urn[child_urn(asked.parent, asked.type, asked.name)] = declared

    @property
    def by_urn(self) -> Mapping[str, DeclaredOptions]:
        """What was kept so far, by URN."""
        return dict(self._by_urn)


def _alias_urns(asked: resource_pb2.TransformRequest) -> Iterable[str]:
    for alias in asked.options.aliases:
        urn = alias.urn or _collapsed(alias.spec, asked)
        if urn != child_urn(asked.parent, asked.type, asked.name):
            yield urn


def _collapsed(spec: alias_pb2.Alias.Spec, asked: resource_pb2.TransformRequest) -> str:
    """An alias as a URN: what it doesn't name is the resource's own (`collapseAliasToUrn` in
    pkg/resource/deploy/step_generator.go)."""
    own_head, own_project, *_ = asked.parent.split("::", 3)
    head = f"urn:pulumi:{spec.stack}" if spec.stack else own_head
    project, own_type, name = spec.project or own_project, spec.type or asked.type, spec.name or asked.name
    if spec.noParent:
        return f"{head}::{project}::{own_type}::{name}"
    *_, parent_types, parent_name = (spec.parentUrn or asked.parent).split("::", 3)
    return child_urn(f"{head}::{project}::{parent_types}::{parent_name}", own_type, name)


def with_options(links: ProgramLinks, options: Mapping[str, DeclaredOptions]) -> ProgramLinks:
    """Both in one record."""
    resources = dict(links.resources)
    for urn, declared in options.items():
        resources[urn] = resources.get(urn, ResourceLinks()).model_copy(
            update={"delete_before_replace": declared.delete_before_replace, "aliases": declared.aliases}
        )
    return links.model_copy(update={"resources": resources})
