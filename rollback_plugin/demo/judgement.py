"""Why each request of the demo failed, and what had to happen: the demo's own verdict on the run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_plugin.demo.consumer import Answer
from rollback_plugin.journal import entries as journal
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.history import HistoryRow, history_rows
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.report.incident import IncidentTimes, incidents
from rollback_plugin.report.receipt import Cause, Check, Incident, Receipt, Tally

BAD_RELEASE = "2"
DEPENDENCY_FAILURE = "InventoryUnavailable"
_ANSWER_DELAY = timedelta(seconds=3)
"""An answer given during the outage may arrive this long after its end."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a moment to another."""

    began: datetime
    ended: datetime

    def covers(self, moment: datetime, grace: timedelta = timedelta()) -> bool:
        """Whether `moment` lies inside, or at most `grace` after the end."""
        return self.began <= moment <= self.ended + grace


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one run of the demo."""

    entries: Sequence[journal.Entry]
    answers: Sequence[Answer]
    releases: Mapping[str, str]
    """Which release each published function version is."""
    bad_code: Stretch
    """From the deploy of release 2 until its rollback was verified."""
    not_the_code: Stretch
    """From the deploy of release 4 until it was healthy."""
    outage: Stretch
    """While the dependency failed."""
    refusal: str | None
    """What deploying release 2 again said; None where it was not refused."""
    agrees_after_rollback: bool
    """Whether release 1's own program saw nothing to change after the rollback."""
    agrees_at_the_end: bool
    """Whether release 4's own program saw nothing to change at the end."""
    ended_at: datetime
    duration_seconds: float


def judge(run: Run) -> Receipt:
    """Compare what was seen with what had to happen."""
    first_failures = tuple(
        found
        for stretch in (run.bad_code, run.not_the_code)
        if (found := next((a.time for a in run.answers if not a.succeeded and stretch.covers(a.time)), None))
    )
    found_incidents = incidents(run.entries, first_failures)
    rows = history_rows(run.entries, run.ended_at)
    requests = _tally(run, run.answers)
    return Receipt(
        incidents=tuple(
            Incident(title, times, _tally(run, [a for a in run.answers if stretch.covers(a.time)]))
            for (title, stretch), times in zip(
                (("bad code", run.bad_code), ("not the code", run.not_the_code)), found_incidents, strict=False
            )
        ),
        requests=requests,
        history=rows,
        checks=tuple(_checks(run, fold(run.entries, run.ended_at), found_incidents, rows, requests)),
        duration_seconds=run.duration_seconds,
    )


def cause_of(answer: Answer, releases: Mapping[str, str], outage: Stretch) -> Cause | None:
    """Why this request failed; None where it didn't. What nothing else explains is the rollback's doing."""
    if answer.succeeded:
        return None
    if answer.failure == DEPENDENCY_FAILURE:
        return Cause.DEPENDENCY if outage.covers(answer.time, _ANSWER_DELAY) else Cause.ROLLBACK
    if answer.function_version and releases.get(answer.function_version) == BAD_RELEASE:
        return Cause.BAD_VERSION
    return Cause.ROLLBACK


def _tally(run: Run, answers: Sequence[Answer]) -> Tally:
    return Tally.of((_answerer(answer, run.releases), cause_of(answer, run.releases, run.outage)) for answer in answers)


def _answerer(answer: Answer, releases: Mapping[str, str]) -> str:
    return f"release {releases[answer.function_version]}" if answer.function_version else "nobody"


def _checks(
    run: Run, status: Status, found: Sequence[IncidentTimes], rows: Sequence[HistoryRow], requests: Tally
) -> list[Check]:
    undone = [(times.undoes, times.target, times.helped, times.recovered) for times in found]
    verdicts = {version.number: version.verdict for version in status.versions}
    order = [e.event.event for e in run.entries if getattr(e.event, "operation", None) == _first_operation(found)]
    return [
        Check("version 2 was rolled back to version 1, and that helped", (2, 1, True, None) in undone, str(undone)),
        Check(
            "its consumers were moved before the engine ran",
            order[:3] == ["rollback_started", "traffic_shifted", "rolled_back"],
            " → ".join(order),
        ),
        Check("release 1's own program then saw nothing to change", run.agrees_after_rollback, "it saw changes"),
        Check("deploying version 2 again was refused", run.refusal is not None, "it was deployed"),
        Check("version 3, the fix, became healthy", verdicts.get(3) is Verdict.HEALTHY, str(verdicts.get(3))),
        Check("version 4 was rolled back, which did not help, and recovered", (4, 3, False, 4) in undone, str(undone)),
        Check(
            "version 4 is applied and healthy",
            status.applied == 4 and verdicts.get(4) is Verdict.HEALTHY,
            f"applied: {status.applied}, verdict: {verdicts.get(4)}",
        ),
        Check("no alarm rings any more", not ringing(status), f"ringing: {', '.join(ringing(status))}"),
        Check("version 2 is still quarantined", verdicts.get(2) is Verdict.QUARANTINED, str(verdicts.get(2))),
        Check("release 4's own program sees nothing to change", run.agrees_at_the_end, "it sees changes"),
        Check(
            "one rollback per incident, and one recovery",
            [str(row.kind) for row in rows].count("rollback") == 2
            and [str(row.kind) for row in rows].count("recovery") == 1,
            ", ".join(str(row.kind) for row in rows),
        ),
        Check(
            "consumers met the bad version",
            requests.failed[Cause.BAD_VERSION] > 0,
            "no request failed because of it: nothing was shown",
        ),
        Check(
            "no request failed because of the rollback or the recovery",
            requests.failed[Cause.ROLLBACK] == 0,
            f"{requests.failed[Cause.ROLLBACK]} failed",
        ),
    ]


def ringing(status: Status) -> tuple[str, ...]:
    """Names of the alarms that were in ALARM when last seen."""
    return tuple(name for name, alarm in sorted(status.alarms.items()) if alarm.state is journal.AlarmState.ALARM)


def _first_operation(found: Sequence[IncidentTimes]) -> str | None:
    return found[0].operation if found else None
