"""When evidence is kept, and that nothing waits for it."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import pytest

from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.evidence import EvidenceSources, EvidenceStudy
from rollback_plugin.errors import WrongPassphrase
from rollback_plugin.journal.entries import (
    AlarmState,
    EvidenceKept,
    Held,
    ReasonCode,
    RollbackStarted,
    RolledBack,
)
from rollback_plugin.signals.evidence import Evidence
from rollback_plugin.stored import read
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, Stand


class Judged(Stand):
    """Version 2 is judged a minute after its deploy."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cloudwatch = CloudWatch()
        self.locked = False
        self.two_versions()
        self.cloudwatch.put(ALARM, AlarmState.ALARM, self.now)

    @property
    def evidence(self) -> EvidenceStudy:
        sources = EvidenceSources(self.archive.blobs, lambda: cast("Any", None), self._secret_values)
        return EvidenceStudy(
            self.journal,
            lambda number: self.archive.read(number).services,
            self.cloudwatch.source,
            self.cloudwatch.counter(),
            sources,
            lambda: self.now,
        )

    def _secret_values(self, version: int) -> Collection[str]:
        if self.locked:
            raise WrongPassphrase("the passphrase is another one")
        return ()

    def rolled_back(self) -> None:
        self.journal.append_next(
            RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=(ALARM,))
        )
        self.journal.append_next(RolledBack(operation="o", undoes=2, target=1, update="u"))

    def kept(self) -> Evidence:
        found = answered(self.evidence)
        assert isinstance(found, EvidenceKept)
        return read(self.archive.blobs.read(found.digest), Evidence)


@pytest.fixture
def stack(tmp_path: Path) -> Judged:
    return Judged(tmp_path)


def test_evidence_on_a_rollback_is_kept_once(stack: Judged) -> None:
    stack.rolled_back()

    evidence = stack.kept()

    assert (evidence.version, evidence.about) == (2, 3)
    assert [(alarm.alarm, alarm.state) for alarm in evidence.alarms] == [(ALARM, AlarmState.ALARM)]
    assert [(each.version, each.function_version, each.requests) for each in evidence.requests] == [
        (1, "1", 100),
        (2, "2", 100),
    ]
    assert answered(stack.evidence) is None
    kept = stack.status().version(2).evidence
    assert kept is not None
    assert kept.about == 3


def test_evidence_on_what_was_held_is_kept_too(stack: Judged) -> None:
    stack.journal.append_next(Held(version=2, reason=ReasonCode.NO_HEALTHY_VERSION, explanation="none"))

    assert stack.kept().version == 2


def test_while_the_rollback_is_under_way_nothing_is_gathered(stack: Judged) -> None:
    stack.journal.append_next(
        RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=(ALARM,))
    )

    assert stack.evidence.due is None


def test_what_was_judged_long_ago_is_not_gathered_any_more(stack: Judged) -> None:
    stack.rolled_back()
    stack.wait(25 * 60)

    assert stack.evidence.due is None


def test_without_a_judgement_there_is_no_evidence(stack: Judged) -> None:
    assert stack.evidence.due is None


def test_where_secrets_can_not_be_opened_it_is_said(stack: Judged) -> None:
    stack.rolled_back()
    stack.locked = True

    (lacking,) = [why for why in stack.kept().lacking if "No log lines" in why]

    assert "the passphrase is another one" in lacking


def test_what_aws_does_not_say_is_said_to_lack(stack: Judged) -> None:
    from botocore.exceptions import ClientError

    stack.rolled_back()
    stack.cloudwatch.fails_with = ClientError({"Error": {"Code": "Throttling"}}, "DescribeAlarms")

    evidence = stack.kept()

    assert evidence.alarms == ()
    assert "Throttling" in evidence.lacking[0]
