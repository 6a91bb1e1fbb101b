"""What a round over a stack has to journal before anything is decided: pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rollback_plugin.journal.entries import AlarmChanged, AlarmState, RequestsReached
from rollback_plugin.journal.status import Status, Verdict, VersionStatus
from rollback_plugin.signals.signal import AlarmObservation
from rollback_plugin.versions.service import Service


def alarm_changes(
    status: Status, watched: Sequence[str], observed: Mapping[str, AlarmObservation]
) -> Iterator[AlarmChanged]:
    """The watched alarms that are in another state than the journal knows."""
    for name in watched:
        seen = observed.get(name)
        if seen is not None and _is_news(seen, status.alarms.get(name)):
            yield AlarmChanged(
                alarm=name, state=seen.state, since=seen.since, explanation=seen.explanation, because=seen.because
            )


def _is_news(seen: AlarmObservation, known: AlarmChanged | None) -> bool:
    """An alarm that was never seen to ring is of interest only when it does, and one that people muted doesn't."""
    if seen.state is AlarmState.ALARM and not seen.actions_enabled:
        return False
    if known is None:
        return seen.state is AlarmState.ALARM
    return (seen.state, seen.since) != (known.state, known.since)


def counts_requests_for(status: Status, now: datetime) -> VersionStatus | None:
    """The version whose bake ends as soon as enough requests were served; None where there is none.

    They aren't counted while its time isn't over: it couldn't count as healthy before that.
    """
    if status.newest is None or status.newest != status.applied or status.operation is not None:
        return None
    newest = status.version(status.newest)
    waits = newest.verdict is Verdict.BAKING and newest.awaits_requests and now >= newest.bake_ends_at
    return newest if waits else None


def requests_reached(
    version: int, services: Sequence[Service], served: Mapping[str, int | None]
) -> RequestsReached | None:
    """What to journal where every service served what its own bake asks for; `served` by service, None: nobody
    knows."""
    counted = {name: count for name, count in served.items() if count is not None}
    if all(counted.get(service.name, -1) >= service.policy.bake_requests for service in services):
        return RequestsReached(version=version, served=counted)
    return None
