"""What holds for every journal, whatever happened."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rollback_plugin.journal.chain import canonical_bytes
from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmExcused,
    AlarmWorsened,
    Answered,
    Entry,
    Event,
    FreezeBegan,
    FreezeEnded,
    Recovered,
    RecoveryStarted,
    Released,
    RequestsReached,
    RollbackStarted,
    RollbackVerified,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.history import history_rows
from rollback_plugin.journal.status import Verdict, VersionStatus
from rollback_plugin.stored import read
from tests.unit.journal.story import (
    asked,
    calms,
    deployed,
    failed,
    minute,
    recovered,
    recovery_started,
    released,
    rings,
    rollback_started,
    rolled_back,
    told,
    verified,
)

ALARMS = st.sampled_from(["errors", "latency"])
VERSIONS = st.integers(1, 4)
OPERATIONS = st.sampled_from(["op-1", "op-2", "op-3"])


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[float, Event]]:
    """Any events in any order, sensible or not, with versions deployed in the order of their numbers."""
    story: list[tuple[float, Event]] = []
    at = 0.0
    newest = 0
    for _ in range(draw(st.integers(0, 10))):
        at += draw(st.integers(0, 8))
        began = at - draw(st.integers(0, 8))
        what = draw(st.sampled_from(["deploy", "alarm", "operation", "release", "people"]))
        if what == "deploy":
            newest += 1
            requests = draw(st.sampled_from([0, 0, 500]))
            succeeded = draw(st.booleans())
            story.append((at, deployed(newest, began, finished=at, succeeded=succeeded, requests=requests)))
        elif what == "alarm":
            story.append((at, draw(st.sampled_from([rings, calms]))(began, draw(ALARMS))))
        elif what == "release":
            story.append((at, released(draw(VERSIONS))))
        elif what == "people":
            story.append((at, draw(said_by_people_and_values())))
        else:
            story.append((at, draw(operation_events())))
    return story


def said_by_people_and_values() -> st.SearchStrategy[Event]:
    return st.one_of(
        st.builds(asked, VERSIONS),
        st.builds(lambda approved: Answered(question="q", approved=approved), st.booleans()),
        st.builds(lambda until: FreezeBegan(until=until and minute(until)), st.sampled_from([None, 10, 50])),
        st.builds(FreezeEnded),
        st.builds(lambda version: RequestsReached(version=version, served={"orders": 500}), VERSIONS),
        st.builds(
            lambda version, alarm: AlarmWorsened(version=version, alarm=alarm, before=1, since=9), VERSIONS, ALARMS
        ),
        st.builds(
            lambda version, alarm: AlarmExcused(version=version, alarm=alarm, before=1, since=1), VERSIONS, ALARMS
        ),
    )


def operation_events() -> st.SearchStrategy[Event]:
    return st.one_of(
        st.builds(rollback_started, VERSIONS, VERSIONS, OPERATIONS),
        st.builds(rolled_back, VERSIONS, VERSIONS, OPERATIONS),
        st.builds(lambda operation: verified(operation=operation), OPERATIONS),
        st.builds(lambda alarm, operation: verified(alarm, operation=operation), ALARMS, OPERATIONS),
        st.builds(recovery_started, VERSIONS, OPERATIONS),
        st.builds(recovered, VERSIONS, OPERATIONS),
        st.builds(failed, OPERATIONS),
    )


MINUTES = st.floats(0, 200)


@given(stories(), MINUTES)
def test_entries_read_back_from_their_bytes_mean_the_same(story: list[tuple[float, Event]], now: float) -> None:
    entries = told(*story)
    read_back = [read(canonical_bytes(entry), Entry) for entry in entries]

    assert fold(read_back, minute(now)) == fold(entries, minute(now))
    assert history_rows(read_back, minute(now)) == history_rows(entries, minute(now))


@given(stories(), MINUTES, MINUTES)
def test_time_alone_turns_baking_into_healthy_and_nothing_else(
    story: list[tuple[float, Event]], one: float, other: float
) -> None:
    entries = told(*story)
    before, after = fold(entries, minute(min(one, other))), fold(entries, minute(max(one, other)))

    for earlier, later in zip(before.versions, after.versions, strict=True):
        if earlier.verdict is not later.verdict:
            assert (earlier.verdict, later.verdict) == (Verdict.BAKING, Verdict.HEALTHY)
        assert earlier == replace(later, verdict=earlier.verdict, reason=earlier.reason)
    assert before == replace(after, versions=before.versions, freeze=before.freeze)
    assert after.freeze in (None, before.freeze)


@given(stories())
def test_only_a_recovery_or_a_release_lifts_a_quarantine(story: list[tuple[float, Event]]) -> None:
    entries = told(*story)
    for length, entry in enumerate(entries):
        before, after = fold(entries[:length], entry.time), fold(entries[: length + 1], entry.time)
        lifted = quarantined(before.versions) - quarantined(after.versions)
        match entry.event:
            case Recovered(target=version) | Released(version=version):
                assert lifted <= {version}
            case _:
                assert not lifted


def quarantined(versions: Sequence[VersionStatus]) -> set[int]:
    return {version.number for version in versions if version.quarantined}


@given(stories(), MINUTES)
def test_a_healthy_version_has_nothing_against_it(story: list[tuple[float, Event]], now: float) -> None:
    status = fold(told(*story), minute(now))

    for version in status.versions:
        if version.verdict is Verdict.HEALTHY:
            assert version.succeeded
            assert not version.quarantined
            assert not version.attributable_alarms
            assert version.bake_ends_at <= minute(now)
        assert version.quarantined == (version.verdict is Verdict.QUARANTINED)
        assert not set(version.attributable_alarms) & set(version.exonerated_alarms)


@given(stories(), MINUTES)
def test_the_way_back_leads_to_an_older_healthy_version(story: list[tuple[float, Event]], now: float) -> None:
    status = fold(told(*story), minute(now))
    target = status.healthy_target()

    if target is not None:
        assert status.applied is not None
        assert target < status.applied
        assert status.version(target).verdict is Verdict.HEALTHY


@given(stories())
def test_an_alarm_counts_the_same_however_late_it_was_noticed(story: list[tuple[float, Event]]) -> None:
    """But for the events that clear a version of the alarms known by then."""
    story = [(at, event) for at, event in story if not isinstance(event, (Recovered, RollbackVerified))]
    noticed_last = [item for item in story if not isinstance(item[1], AlarmChanged)]
    noticed_last += [item for item in story if isinstance(item[1], AlarmChanged)]
    now = minute(1000)

    at_once, late = fold(told(*story), now), fold(told(*noticed_last), now)

    assert [version.attributable_alarms for version in at_once.versions] == [
        version.attributable_alarms for version in late.versions
    ]
    assert [version.verdict for version in at_once.versions] == [version.verdict for version in late.versions]


@given(stories(), MINUTES)
def test_history_has_one_row_for_every_deploy_and_started_operation(
    story: list[tuple[float, Event]], now: float
) -> None:
    entries = told(*story)
    started = {event.operation for _, event in story if isinstance(event, (RollbackStarted, RecoveryStarted))}

    rows = history_rows(entries, minute(now))

    assert [row.version for row in rows if row.kind == "deploy"] == [
        version.number for version in fold(entries, minute(now)).versions
    ]
    assert {row.operation for row in rows if row.kind != "deploy"} == started
