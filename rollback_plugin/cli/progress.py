"""Progress of a rollback or recovery, a line for each thing that changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rollback_plugin.cli.options import Output
from rollback_plugin.cli.printing import say

if TYPE_CHECKING:
    from rollback_plugin.controller.progress import Progress


def progress_printer(output: Output) -> "Callable[[Progress], None]":
    """Prints to stdout for people; to stderr where stdout is for a JSON document."""

    def tell(progress: "Progress") -> None:
        if words := words_for(progress):
            say(words, to_stderr=output is Output.JSON)

    return tell


def words_for(progress: "Progress") -> str | None:
    """The line for an event of an operation; None for those that would only be noise."""
    from rollback_plugin.controller import progress as told
    from rollback_plugin.replay.events import Diagnostic, ResourceStep

    match progress:
        case told.OperationStarted():
            verb = "Carrying on with the" if progress.resumed else "Beginning the"
            return f"{verb} {progress.kind} to version {progress.target} ({progress.reason.value})."
        case told.ConsumersMoved():
            return f"  consumers of {progress.service}: {progress.before} → {progress.after}"
        case told.ConsumersStayed():
            return f"  consumers of {progress.service} move with the engine: {progress.why}"
        case told.WaitingForLock():
            return f"  waiting for the stack, which is held by {', '.join(progress.holders)}"
        case told.WaitingForOwner():
            return f"  {progress.owner} began this: waiting up to a minute for a sign of life"
        case told.StaleLockBroken():
            return f"  removed the lock left by our own process {progress.holder}"
        case told.EngineProgress(event=ResourceStep(stage="finished", preview=False) as step):
            return (
                None if step.operation == "same" else f"  {step.operation} {step.urn.rsplit('::', 1)[-1]} ({step.type})"
            )
        case told.EngineProgress(event=Diagnostic(severity="error" | "warning") as diagnostic):
            return f"  {diagnostic.severity}: {diagnostic.message}"
        case _:
            return None
