"""`FORMAT` is raised when the same entries come to other facts, or to the same ones in another form."""

import hashlib
import json
from typing import Any, get_args

import zstandard

from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.compacted import FORMAT, CompactedJournal, to_bytes
from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import (
    AlarmExcused,
    AlarmWorsened,
    Answered,
    Detection,
    Event,
    EvidenceKept,
    FreezeBegan,
    FreezeEnded,
    Held,
    LockBroken,
    Planned,
    Pruned,
    ReasonCode,
    RequestsReached,
    TakenOver,
    TrafficShifted,
)
from rollback_plugin.journal.reversibility import Reversibility
from tests.unit.journal.story import (
    asked,
    calms,
    deployed,
    failed,
    recovered,
    recovery_started,
    released,
    rings,
    rollback_started,
    rolled_back,
    told,
    verified,
)

EVERY_KIND: list[Event] = [
    deployed(1, 0, requests=5),
    RequestsReached(version=1, served={"orders": 5}),
    deployed(2, 2),
    Planned(version=2, target=1, verdict=Reversibility.REVERSIBLE_BUT, reasons=("a table stays",)),
    Detection(version=2, alarms=(AlarmPower(alarm="errors", sight=Sight.SEES, explanation="", rise_points=1.5),)),
    rings(5),
    AlarmWorsened(version=2, alarm="latency", before=1, since=9),
    AlarmExcused(version=2, alarm="queue", before=1, since=1),
    asked(2),
    Answered(question="q", approved=True),
    rollback_started(2, 1),
    TrafficShifted(operation="op-1", service="orders", before="2", after="1"),
    TakenOver(operation="op-1", owner="user@host:2"),
    LockBroken(holder="user@host:2"),
    rolled_back(2, 1),
    EvidenceKept(version=2, about=11, digest="evidence"),
    verified("errors"),
    recovery_started(2),
    recovered(2),
    calms(20),
    deployed(3, 21),
    rings(22, "latency"),
    rollback_started(3, 2, "op-3"),
    failed("op-3"),
    rollback_started(3, 2, "op-4"),
    rolled_back(3, 2, "op-4"),
    released(3),
    FreezeBegan(explanation="a campaign"),
    FreezeEnded(),
    FreezeBegan(explanation="another"),
    Held(version=2, reason=ReasonCode.FROZEN, explanation="it is frozen"),
    Pruned(versions=(1,)),
]

FORMAT_AND_FACTS = (2, "31c8606cce517e4a")
"""Where the test fails: raise `FORMAT`, and put what the test found here."""


def test_the_format_stands_for_these_facts() -> None:
    facts = facts_of(told(*((at, event) for at, event in enumerate(EVERY_KIND))))

    stored = zstandard.ZstdDecompressor().stream_reader(
        to_bytes(CompactedJournal(len(EVERY_KIND), "", facts)), read_across_frames=True
    )
    _, head, *pages = stored.read().decode().splitlines()
    document = json.loads(head)
    for index in document["pages"].values():
        for page in index:
            page.pop()  # how many bytes it is packed to
    lines = json.dumps(in_order([document, *map(json.loads, pages)]), sort_keys=True)

    assert (FORMAT, hashlib.sha256(lines.encode()).hexdigest()[:16]) == FORMAT_AND_FACTS


def test_it_stands_for_every_kind_of_entry() -> None:
    assert {type(event) for event in EVERY_KIND} == set(get_args(Event))


def in_order(value: Any) -> Any:
    """Sets are kept as lists in any order."""
    if isinstance(value, dict):
        return {key: in_order(each) for key, each in value.items()}
    if isinstance(value, list):
        made = [in_order(each) for each in value]
        return sorted(made) if all(isinstance(each, str) for each in made) else made
    return value
