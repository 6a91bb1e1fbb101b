"""Which version a person's rollback or recovery goes to."""

from rollback_plugin.errors import NothingHealthy, NotReplayable, UnknownVersion
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.options import Keeping
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.stack import StackName


def undo_target(stack: StackName, status: Status, to: int | None) -> int:
    """Version `to`, or the last healthy one before the one applied. Raises `UnknownVersion`,
    `VersionPruned`, `NothingHealthy`."""
    if to is not None:
        return status.kept_version(to).number
    target = status.healthy_target()
    if target is not None:
        return target
    if not status.versions:
        raise NothingHealthy(
            f"{stack} has no version to go back to: no deploy of it is known. Deploy it with `pulumi up`; from the "
            "second deploy on, once the first has proved healthy, there is a way back."
        )
    verdicts = ", ".join(f"{version.number} is {version.verdict}" for version in status.versions)
    raise NothingHealthy(
        f"{stack} runs version {status.applied} and has no healthy version before it to go back to: {verdicts}. Name "
        "the version you want with `--to N`."
    )


def way_back_target(status: Status, version: int) -> int | None:
    """The version that undoing `version` would lead to, as far as can be told now: the newest healthy one before it, or
    else the newest before it that nothing speaks against, which may be healthy by then."""
    for verdicts in ({Verdict.HEALTHY}, {Verdict.BAKING, Verdict.SUPERSEDED, Verdict.RELEASED}):
        for known in reversed(status.versions):
            if known.number < version and known.pruned is None and known.verdict in verdicts:
                return known.number
    return None


def recover_target(stack: StackName, status: Status, to: int | None) -> int:
    """Version `to`, or the newest that was rolled back and isn't applied; where there is none, the newest of all.

    What was recovered last is not left again for something older. Raises `UnknownVersion`, `VersionPruned`.
    """
    if to is not None:
        return status.kept_version(to).number
    if status.newest is None or status.applied is None:
        raise UnknownVersion(f"No deploy of {stack} has been recorded: deploy it with `pulumi up` first.")
    undone = (
        version.number
        for version in reversed(status.versions)
        if version.undone is not None
        and version.pruned is None
        and version.number != status.applied
        and (not status.recovered or version.number > status.applied)
    )
    # With what it keeps, a merged version is the newest there is.
    return next(undone, status.newest if status.keeping is None else status.applied)


def kept_by_recovery(stack: StackName, status: Status, target: int) -> Keeping | None:
    """What recovering `target` has to keep; None where nothing was deployed since it was rolled back.

    Raises `NotReplayable` where that can't be told apart from what a failed rollback left.
    """
    undone = status.version(target).undone
    if undone is None or status.applied is None:
        return None
    if target != status.applied and status.applied <= undone.newest:
        return None
    failure = status.last_failure
    if target == status.applied or (failure is not None and failure.operation.kind == "rollback"):
        raise NotReplayable(
            f"Recovering version {target} of {stack} would keep what was deployed since its rollback, but the last"
            " operation failed half-way, so that can't be told from what it had done by then. Nothing was touched. Run"
            " `rollback undo` again first, or deploy a program that has what you want."
        )
    return Keeping(base=undone.target, version=status.applied)


def ringing_against(status: Status, version: int) -> tuple[str, ...]:
    """Alarms that count against the version and ring, as far as anybody saw."""
    return tuple(
        name
        for name in status.version(version).attributable_alarms
        if name in status.alarms and status.alarms[name].state is AlarmState.ALARM
    )
