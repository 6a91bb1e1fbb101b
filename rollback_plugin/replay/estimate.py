"""How long re-applying a version may take, from what the backend's history says of earlier updates."""

from collections.abc import Mapping, Sequence
from statistics import median

from rollback_plugin.backend.updates import Update
from rollback_plugin.replay.requirements import Estimate

MOST_COMPARED = 5
"""How many updates are compared with: the latest of those that changed about as much."""
# The engine's words for steps that change nothing (pkg/resource/deploy/step.go).
UNCHANGING = frozenset({"same", "read", "read-discard", "refresh"})


def estimate_of(updates: Sequence[Update], changes: int) -> Estimate | None:
    """The median duration of the updates of this stack that changed the most similar number of resources.

    Args:
        updates: oldest first; those that failed, or weren't updates, say nothing here.
        changes: how many resources the plan changes.

    None where no update is known.
    """
    known = [update for update in updates if update.succeeded and update.kind == "update"]
    if not known:
        return None
    newest_first = reversed(known)
    compared = sorted(newest_first, key=lambda update: abs(_changes(update.resource_changes) - changes))[:MOST_COMPARED]
    nearest = abs(_changes(compared[0].resource_changes) - changes)
    # Twice as far off is no likeness any more.
    alike = [u for u in compared if abs(_changes(u.resource_changes) - changes) <= 2 * nearest]
    counts = [_changes(update.resource_changes) for update in alike]
    seconds = median((update.finished_at - update.started_at).total_seconds() for update in alike)
    # The backend keeps whole seconds: an update that took less is known to have taken less than one.
    return Estimate(max(1, round(seconds)), len(alike), min(counts), max(counts))


def _changes(counted: Mapping[str, int]) -> int:
    return sum(count for operation, count in counted.items() if operation not in UNCHANGING)
