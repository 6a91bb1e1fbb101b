"""Whether a change can be undone, in one word."""

from enum import StrEnum


class Reversibility(StrEnum):
    """A plan in one word. Stable tokens: they stand in the journal for years."""

    REVERSIBLE = "reversible"
    REVERSIBLE_BUT = "reversible_but"
    """It can be done, and the remarks say what it doesn't bring back."""
    ONE_WAY = "one_way"
    """It can't be done; the refusals say why."""
    UNKNOWN = "unknown"
    """It couldn't be worked out."""

    @property
    def words(self) -> str:
        """As a person would say it, where the reasons stand elsewhere."""
        return {"reversible_but": "reversible", "one_way": "one-way"}.get(self.value, self.value)
