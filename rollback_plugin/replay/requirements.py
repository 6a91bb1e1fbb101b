"""What re-applying a version takes: bytes, plugins, credentials, and how long it may last."""

from dataclasses import dataclass
from enum import StrEnum


class Credentials(StrEnum):
    """Whether AWS would be asked as somebody."""

    NOT_NEEDED = "not_needed"
    """Nothing of AWS is in the version."""
    FOUND = "found"
    MISSING = "missing"
    OF_THE_PROVIDER = "of_the_provider"
    """A provider's own inputs say who; that isn't tried here."""
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class PluginRequirement:
    """A provider plugin. An empty `version` means any."""

    name: str
    version: str
    installed: bool

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long it may take, judged by earlier updates of the stack."""

    seconds: int
    updates: int
    """How many earlier updates it is judged by."""
    fewest_changes: int
    most_changes: int
    """How many resources those updates changed."""

    def __str__(self) -> str:
        changed = f"{self.fewest_changes}"
        if self.most_changes != self.fewest_changes:
            changed += f" to {self.most_changes}"
        updates = "the one update" if self.updates == 1 else f"the {self.updates} updates"
        return f"about {self.seconds} s, an estimate from {updates} of this stack most like it ({changed} changed)"


@dataclass(frozen=True, slots=True)
class Requirements:
    """All of it, as far as it is known."""

    assets: int = 0
    """How many files and archives are taken from the store."""
    asset_bytes: int = 0
    plugins: tuple[PluginRequirement, ...] = ()
    credentials: Credentials = Credentials.NOT_CHECKED
    estimate: Estimate | None = None
