"""The engine's update that re-applies a version: what the backend's history calls it, and finding it there again."""

from typing import Literal

from rollback_plugin.backend.history import Backend
from rollback_plugin.errors import EngineFailed
from rollback_plugin.stack import StackName

OperationKind = Literal["rollback", "recovery"]


def update_message(operation: str, kind: OperationKind, target: int) -> str:
    """The update's message; `backend.updates.Update.operation` reads the operation out of it."""
    words = "roll back to" if kind == "rollback" else "recover"
    return f"rollback-plugin {operation}: {words} version {target}"


def refuse_after_others(backend: Backend, stack: StackName, operation: str, after: str | None) -> None:
    """Raises `EngineFailed` where an update that isn't the operation's ended later than `after`; None says that it
    doesn't matter.

    Asked while the engine holds the stack's lock, the answer stands: an update writes its history before it lets go.
    """
    if after is None:
        return
    others = (u.name for u in reversed(backend.updates(stack)) if u.name == after or u.operation != operation)
    newest = next(others, None)
    if newest != after:
        raise EngineFailed(
            f"The update {newest} of {stack} ended after it was decided to re-apply a version. Nothing was touched; see"
            " `rollback status`, and run the same command again if it is still wanted."
        )


def completed_update(backend: Backend, stack: StackName, operation: str) -> str:
    """The backend's name of the operation's update. Raises `EngineFailed` where the history has none that
    succeeded."""
    for update in reversed(backend.updates(stack)):
        if update.operation == operation and update.succeeded:
            return update.name
    raise EngineFailed(
        f"The engine reported success, but the backend of {stack} has no finished update with the operation"
        f" {operation}. Check that the backend's history is kept (PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"
        " and the like), and run again."
    )
