"""How a rollback or a recovery is to be carried out. Journaled with its start, so that whoever goes on after a crash
does what was asked for."""

from enum import StrEnum

from rollback_plugin.stored import Stored


class DataPolicy(StrEnum):
    """What happens to data that the target version knows nothing of."""

    KEEP = "keep"
    """Data-bearing and protected resources that only the current state has stay, in the cloud and in the state;
    replacing one is refused."""
    FOLLOW = "follow"
    """Exactly what the target version's program would do."""


class Strategy(StrEnum):
    """By what a version is re-applied."""

    SNAPSHOT = "snapshot"
    """Its recorded resources, without its program."""
    SOURCE = "source"
    """Its recorded program, run again."""
    AUTO = "auto"
    """Its snapshot; its program where the plan says that the snapshot can't be re-applied."""


class ConflictPolicy(StrEnum):
    """What a recovery does where the version and what was deployed since its rollback changed the same thing."""

    REFUSE = "refuse"
    """Nothing: the plan names what both changed."""
    VERSION = "version"
    """The version recovered has its way."""
    CURRENT = "current"
    """What was deployed since has its way."""


class Keeping(Stored, frozen=True):
    """What a recovery keeps: everything that was changed since `base`, up to what the stack runs."""

    base: int
    """The version that was rolled back to."""
    version: int
    """The version applied when the recovery began."""


class OperationOptions(Stored, frozen=True):
    """What the person or the policy that asked for an operation chose, and what follows from the stack's journal."""

    data: DataPolicy = DataPolicy.KEEP
    strategy: Strategy = Strategy.AUTO
    conflicts: ConflictPolicy = ConflictPolicy.REFUSE
    keeping: Keeping | None = None
    """None where nothing was deployed since the version to be recovered was rolled back, or where it wasn't: then it is
    applied as it is."""


DEFAULT_OPTIONS = OperationOptions()
