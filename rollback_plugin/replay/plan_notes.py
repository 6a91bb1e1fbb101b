"""What a plan says that follows from the version and the state alone: conflicts, settled and not, operations that
were interrupted, and a version that was half done."""

from collections.abc import Iterator

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.pending import Settled
from rollback_plugin.replay.plan import Reason, Refusal, Remark
from rollback_plugin.replay.worked_out import WorkedOut
from rollback_plugin.stack import StackName


def unsettled_conflicts(known: WorkedOut) -> Iterator[Refusal]:
    """What the version and what was deployed since its rollback both changed, and nobody decided."""
    conflicts = known.question.options.conflicts
    way_out = (
        "say which has its way with `--conflicts version` or `--conflicts current`"
        if conflicts is ConflictPolicy.REFUSE
        else f"`--conflicts {conflicts}` can't settle that; deploy a program that has what you want of both"
    )
    for conflict in known.merged.conflicts:
        if not conflict.settled:
            why = f"the version contradicts what was deployed since its rollback: {conflict.why}; {way_out}"
            yield Refusal(conflict.urn, conflict.property, why, Reason.CONFLICT)


def remarks_on(stack: StackName, known: WorkedOut) -> Iterator[Remark]:
    """What stops nothing, and should be known."""
    if not known.question.version.succeeded:
        half_done = "the version's own update failed: what is re-applied is as far as it came"
        yield Remark(stack.root_urn, half_done, Reason.HALF_DONE)
    for conflict in known.merged.conflicts:
        if conflict.settled:
            where = f"{conflict.property}: " if conflict.property else ""
            way = f"the {known.question.options.conflicts.value}'s way is taken"
            yield Remark(conflict.urn, f"{where}{conflict.why}; {way}", Reason.CONFLICT)
    yield from remarks_on_interrupted(known.settled)


def remarks_on_interrupted(settled: Settled) -> Iterator[Remark]:
    """What became of what an interrupted update was doing."""
    for urn in settled.found:
        yield Remark(urn, "an interrupted update had made it; it is taken over into the state")
    for urn in settled.missing:
        yield Remark(urn, "an interrupted update had not made it, or the state has it already; that is forgotten")
    for urn in settled.read:
        yield Remark(urn, "an interrupted update was changing it; it is taken to be as it was found")
