"""Which version a person's rollback or recovery goes to."""

from rollback_plugin.errors import NothingHealthy, UnknownVersion
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.status import Status
from rollback_plugin.stack import StackName


def undo_target(stack: StackName, status: Status, to: int | None) -> int:
    """Version `to`, or the last healthy one before the one applied. Raises `UnknownVersion`, `NothingHealthy`."""
    if to is not None:
        return status.version(to).number
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


def recover_target(stack: StackName, status: Status, to: int | None) -> int:
    """Version `to`, or the newest one. Raises `UnknownVersion`."""
    if to is not None:
        return status.version(to).number
    if status.newest is None:
        raise UnknownVersion(f"No deploy of {stack} has been recorded: deploy it with `pulumi up` first.")
    return status.newest


def ringing_against(status: Status, version: int) -> tuple[str, ...]:
    """Alarms that count against the version and ring, as far as anybody saw."""
    return tuple(
        name
        for name in status.version(version).attributable_alarms
        if name in status.alarms and status.alarms[name].state is AlarmState.ALARM
    )
