"""What re-applying a version would do to each resource, what it needs, and why it may not be done."""

from dataclasses import dataclass, field
from enum import StrEnum

from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.requirements import Requirements


class Action(StrEnum):
    """What becomes of one resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"
    """Only the current state has it, and it stays for the sake of its data or its protection."""


class DataEffect(StrEnum):
    """What becomes of the data a resource holds."""

    NONE = "none"
    """It holds none, as far as its type tells."""
    UNTOUCHED = "untouched"
    KEPT = "kept"
    """It stays where it is although the version doesn't have the resource."""
    EMPTY = "empty"
    """The resource comes back, the data it held doesn't."""
    LOST = "lost"


class Reason(StrEnum):
    """Why a plan is what it is. Stable tokens, for machines; each stands beside a sentence for people."""

    AMBIGUOUS_LINK = "ambiguous_link"
    ARTEFACT_GONE = "artefact_gone"
    ARTEFACT_UNCHECKED = "artefact_unchecked"
    BYTES_MISSING = "bytes_missing"
    CONFIG_UNREADABLE = "config_unreadable"
    CONFLICT = "conflict"
    CREDENTIALS_MISSING = "credentials_missing"
    DATA_EMPTY = "data_empty"
    DATA_KEPT = "data_kept"
    DATA_LOST = "data_lost"
    DOWNTIME = "downtime"
    ENGINE_REFUSES = "engine_refuses"
    ENVIRONMENT_MISSING = "environment_missing"
    HALF_CREATED = "half_created"
    HALF_DONE = "half_done"
    HOOKS_SKIPPED = "hooks_skipped"
    LINK_IN_DOUBT = "link_in_doubt"
    NEW_OUTPUTS = "new_outputs"
    NOTE = "note"
    NOT_REPRODUCIBLE = "not_reproducible"
    OTHER_STACK = "other_stack"
    PLUGIN_MISSING = "plugin_missing"
    PROGRAM_FAILS = "program_fails"
    PROTECTED = "protected"
    PROVIDER_PARAMETERIZED = "provider_parameterized"
    PROVIDER_UNRECORDED = "provider_unrecorded"
    REPLACED = "replaced"
    SOURCE_MISSING = "source_missing"


@dataclass(frozen=True, slots=True)
class Step:
    """One resource's part. `properties` are paths of what differs, names only."""

    urn: str
    type: str
    action: Action
    reason: str = ""
    properties: tuple[str, ...] = ()
    data: DataEffect = DataEffect.NONE
    gap: bool = False
    """Whether it is deleted before it is made anew, and missing in between."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that stands in the way. `property` is empty where it is the resource as a whole."""

    urn: str
    property: str
    why: str
    reason: Reason = Reason.NOT_REPRODUCIBLE

    def __str__(self) -> str:
        return f"{self.urn}{f' ({self.property})' if self.property else ''}: {self.why}"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should know, though it stops nothing."""

    urn: str
    text: str
    reason: Reason = Reason.NOTE

    def __str__(self) -> str:
        return f"{self.urn}: {self.text}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    remarks: tuple[Remark, ...]
    needs: Requirements = field(default_factory=Requirements)

    @property
    def verdict(self) -> Reversibility:
        if self.refusals:
            return Reversibility.ONE_WAY
        return Reversibility.REVERSIBLE_BUT if self.remarks else Reversibility.REVERSIBLE
