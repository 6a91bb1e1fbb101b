"""Updates of which the stack's state is told all at once, before the first of them begins.

The engine writes the whole state before each thing it does, as a pending operation, and after it, with what came of it.
Of a large stack with many changes that takes longer than the changes. The same can be said for all of them in one
writing: each is pending, then all are done, and at the end, be it a failure's, the engine writes what came of them
(`PULUMI_SKIP_CHECKPOINTS`: `unsafeServiceLoop` in pkg/backend/snapshot.go, v3.259.0).

An engine that is killed in between leaves what it always leaves, of more resources: they are pending, `pulumi up` warns
of them by name, and `replay/pending.py` looks at them. That is why nothing may be made, replaced or deleted by it: what
was made would be known to no state, and here every resource that is touched is one that the state has.
"""

import json
from collections.abc import Set as AbstractSet

from rollback_plugin.replay.pending import UPDATING
from rollback_plugin.replay.plan import Action, Plan
from rollback_plugin.versions.checkpoint import Checkpoint

FEWEST = 20
"""Updates for which this is done. With fewer of them the engine's own writing takes no time worth the name."""
_LEAVES_ALONE = frozenset({Action.SAME, Action.KEEP})


def to_announce(plan: Plan, state: Checkpoint) -> frozenset[str]:
    """URNs of what the update is to announce; empty where the engine writes each thing it does by itself."""
    if state.pending_operations or any(each.delete or each.pending_replacement for each in state.resources):
        # Left-overs, which the engine clears up.
        return frozenset()
    touching = [step for step in plan.steps if step.action not in _LEAVES_ALONE]
    urns = frozenset(step.urn for step in touching)
    only_updates = all(step.action is Action.UPDATE for step in touching) and urns <= state.by_urn.keys()
    return urns if only_updates and len(urns) >= FEWEST else frozenset()


def announcing(state: bytes, urns: AbstractSet[str]) -> bytes:
    """The state, as the backend has it, with these resources being updated."""
    document = json.loads(state)
    latest = document["checkpoint"]["latest"]
    latest["pending_operations"] = [
        {"resource": resource, "type": UPDATING} for resource in latest["resources"] if resource["urn"] in urns
    ]
    return json.dumps(document).encode()
