"""What a program said and a checkpoint doesn't hold: where values came from, and options of registration.

There is no value in here, only paths, URNs and options: nothing of it is secret.
"""

from collections.abc import Mapping
from typing import Self

from msgspec import field

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.stored import Misfit, Stored, plain, read
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.properties import PropertyPath


class Origin(Stored, frozen=True, omit_defaults=True):
    """One output that a program put somewhere into a property. Positions are those in `ProgramLinks.urns`."""

    path: PropertyPath = ()
    """Where inside the property, in the program's own spelling of names (`security_group_ids`)."""
    depends: tuple[int, ...] = ()
    """The resources it depends on, besides its source."""
    source: int | None = None
    """The resource whose own output it is; None for a value that was worked out from outputs."""
    output: str = ""
    """Which output of that resource, in the program's spelling."""


class ResourceLinks(Stored, frozen=True, omit_defaults=True):
    """What is known of one resource."""

    inputs: Mapping[str, tuple[Origin, ...]] | None = None
    """By property as the program spells it; properties without an output in them are left out. None: not seen, as of
    resources that the program didn't register itself."""
    outputs: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)
    """Likewise for outputs of the stack, those without an origin included, and of components."""
    delete_before_replace: bool | None = None
    aliases: tuple[str, ...] = ()
    """URNs."""


class ProgramLinks(Stored, frozen=True, omit_defaults=True):
    """What one run of a program said."""

    urns: tuple[str, ...] = ()
    resources: Mapping[str, ResourceLinks] = field(default_factory=dict)
    """By URN."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `document` wrote. Raises `DamagedSnapshot`."""
        try:
            return read(data, cls)
        except Misfit:
            raise DamagedSnapshot(
                "The record of where a version's values came from can't be read: it is damaged, or a newer"
                " rollback-plugin wrote it. Use that one, or choose another version."
            ) from None

    @property
    def document(self) -> bytes:
        """As canonical JSON, without what has its default: the same program gives the same bytes."""
        return canonical_json(plain(self))

    def urns_of(self, origin: Origin) -> frozenset[str]:
        """The resources an origin depends on, its source included."""
        source = () if origin.source is None else (origin.source,)
        return frozenset(self.urns[position] for position in (*origin.depends, *source))

    def source_of(self, origin: Origin) -> str:
        """The resource whose own output it is; empty for none."""
        return "" if origin.source is None else self.urns[origin.source]
