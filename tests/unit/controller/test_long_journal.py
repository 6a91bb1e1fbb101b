"""What a controller does on a journal of years reads nothing of long ago, and comes to the same."""

import threading
from pathlib import Path

import pytest

from rollback_plugin.controller.decision import Action
from rollback_plugin.journal import compaction
from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.entries import AlarmState, Released
from tests.unit.controller.stand import ME
from tests.unit.controller.test_watch import RINGING, Watched
from tests.unit.journal.test_journal import CountingStore

ENTRIES = "read stacks/shop/dev/journal/"


class OldStack(Watched):
    """Watched by a process that begins after years."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for _ in range(40):
            self.journal.append_next(Released(version=1, explanation="it was not at fault"))
        for thread in threading.enumerate():
            if thread.name == "compact-journal":
                thread.join()
        (*_, newest) = self.store.list("stacks/shop/dev/journal-compacted/")
        self.compacted_at = int(newest.rsplit("/", 1)[1].partition(".")[0])
        self.counting = CountingStore(folder)
        self.store = self.counting
        self.journal = self._journal(ME)
        self.operator = self.operator_of(ME)
        self.watched = self.controller(self.cloudwatch.source, self.cloudwatch.counter())

    @property
    def read(self) -> set[int]:
        """Sequences of the entries that were read."""
        names = [asked.removeprefix(ENTRIES) for asked in self.counting.asked if asked.startswith(ENTRIES)]
        return {int(name.removesuffix(".json")) for name in names}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OldStack:
    monkeypatch.setattr(compaction, "ENTRIES_BETWEEN", 10)
    return OldStack(tmp_path)


def test_a_round_reads_on_from_what_was_compacted(old: OldStack) -> None:
    assert old.tick().decision.action is Action.WAIT

    assert min(old.read) == old.compacted_at > 30


def test_a_rollback_from_alarm_to_verified_reads_nothing_older(old: OldStack) -> None:
    old.alarm_is(RINGING)
    old.wait(1)
    result = old.tick().result
    old.alarm_is(AlarmState.OK)
    old.wait(5)
    verified = old.tick().decision

    assert result is not None
    assert (result.undoes, result.target) == (2, 1)
    assert verified.action is Action.VERIFIED
    assert min(old.read) == old.compacted_at
    assert old.journal.facts() == facts_of(old.journal.entries())
