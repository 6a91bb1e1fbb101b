"""One chain of programs tried: is a stack that was rolled back, and recovered, what its programs would have made of it?

The judge is a twin: a stack that takes the same path, with the programs run where the other is replayed. Then the
cloud, asked through its API, the recorded state and the stack's outputs have to be alike; and the original program's
own preview must see nothing to change.

One thing is not compared: a resource that has to be made anew, and that tells the engine to ignore changes. A
checkpoint has what was preserved of it, not what the program said and the engine ignored; the replay makes it anew as
it was.
"""

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import psutil

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.errors import NotReplayable, RollbackPluginError
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.recording.record import Recorder
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.engine_update import OperationKind
from rollback_plugin.replay.events import EngineEvent, EngineStarted
from rollback_plugin.stack import StackName
from rollback_plugin.store import open_store
from rollback_plugin.versions.archive import VersionArchive
from tests.equivalence.canonical import (
    OTHER_CASE,
    Labels,
    canonical,
    canonical_state,
    differences,
    labels_of,
    made_anew_though_ignoring,
    without,
)
from tests.equivalence.cloud import cloud_of
from tests.equivalence.consistency import with_all_aliases
from tests.equivalence.kinds import KINDS
from tests.equivalence.model import Chain, ProgramModel
from tests.equivalence.rendering import rendered
from tests.equivalence.secrets_of_state import opened
from tests.equivalence.workbench import PROJECT, STACK, InlineProject, ProgramFailed, Workbench

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)
NAME = StackName(PROJECT, STACK)
DRAWS_OF_NAMES = 3


class Verdict(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"
    """The plan refused, and nothing was touched, where the program would have done it."""
    REFUSED_ALIKE = "refused as the program"
    """The plan refused, and nothing was touched; the program can't be deployed there either."""
    FAILED = "failed"
    UNDEPLOYABLE = "not deployable"
    """The programs themselves can't be deployed one after the other: no example."""


@dataclass(frozen=True)
class Outcome:
    verdict: Verdict
    details: tuple[str, ...] = ()
    """Reasons of a refusal, or differences."""


class _Judged(Exception):
    def __init__(self, verdict: Verdict, *details: str, undecided: bool = False) -> None:
        super().__init__(verdict, details)
        self.outcome = Outcome(verdict, details)
        self.undecided = undecided


@dataclass(frozen=True)
class _Seen:
    """What a path led to. `failure` is set where its last step could not be done."""

    labels: Labels = field(default_factory=lambda: Labels({}))
    cloud: Any = None
    state: Any = None
    made_anew_though_ignoring: frozenset[str] = frozenset()
    shown: tuple[str, ...] = ()
    """What the program's own preview shows although nothing would change."""
    failure: str = ""


def tried(chain: Chain, bench: Workbench) -> Outcome:
    """Take the chain's path twice, and compare; where what differs may be the case of names without letters, again."""
    for _ in range(DRAWS_OF_NAMES):
        outcome, undecided = _tried_once(chain, bench)
        if not undecided:
            break
    return outcome


def _tried_once(chain: Chain, bench: Workbench) -> tuple[Outcome, bool]:
    try:
        with bench.project() as project:
            back, forth = _Path(chain, bench, project).by_programs()
        with bench.project() as project:
            _Path(chain, bench, project).by_replay(back, forth)
    except _Judged as judged:
        return judged.outcome, judged.undecided
    return Outcome(Verdict.PASSED), False


class _Path:
    def __init__(self, chain: Chain, bench: Workbench, project: InlineProject) -> None:
        self._chain = chain
        self._bench = bench
        self._project = project
        self._account = bench.next_account()
        self._backend = open_backend(project.environment["PULUMI_BACKEND_URL"], project.environment)
        self._store = open_store(open_project(project.root, STACK, project.environment).store_url, project.environment)
        self._archive = VersionArchive(self._store, NAME)

    def by_programs(self) -> tuple[_Seen, _Seen]:
        """What running the programs leads to: after going back, and after going forth again."""
        versions = with_all_aliases(self._chain)
        for version in versions:
            try:
                self._deploy(version)
            except ProgramFailed as failure:
                raise _Judged(Verdict.UNDEPLOYABLE, _shortened(failure)) from None
        seen: list[_Seen] = []
        for version in (versions[self._chain.target], versions[-1]):
            try:
                self._deploy(version)
            except ProgramFailed as failure:
                seen.append(_Seen(failure=_shortened(failure)))
            else:
                there = self._seen()
                shown = self._shown(there, rendered(version, tracked=self._chain.tracked).code) if self._reads else ()
                seen.append(replace(there, shown=shown))
        return seen[0], seen[1]

    def by_replay(self, back: _Seen, forth: _Seen) -> None:
        """Take the path by replay. Raises `_Judged` unless it leads to the same."""
        versions = with_all_aliases(self._chain) if self._chain.aliased_both_ways else self._chain.versions
        numbers: list[int] = []
        for version in versions:
            try:
                self._deploy(version)
            except ProgramFailed as failure:
                raise _Judged(Verdict.UNDEPLOYABLE, _shortened(failure)) from None
            numbers.append(self._recorded())
        replay = Replay(
            NAME,
            Engine(open_project(self._project.root, STACK, self._project.environment), self._project.environment),
            self._backend,
            self._archive,
        )
        goals: list[tuple[OperationKind, int, _Seen]] = [
            ("rollback", self._chain.target, back),
            ("recovery", len(versions) - 1, forth),
        ]
        for kind, position, expected in goals:
            self._apply(replay, kind, numbers[position], expected)
            self._judge(kind, expected, versions[position])

    def _apply(self, replay: Replay, kind: OperationKind, number: int, expected: _Seen) -> None:
        before = self._files()
        try:
            with chdir(self._project.root):
                replay.apply(number, kind, kind, FOLLOW, on_event=_beside_the_engine)
        except NotReplayable as refusal:
            if self._files() != before:
                raise _Judged(Verdict.FAILED, f"{kind}: refused, but the backend's files changed") from None
            verdict = Verdict.REFUSED_ALIKE if expected.failure else Verdict.REFUSED
            raise _Judged(verdict, f"{kind}: {refusal}", expected.failure) from None
        except RollbackPluginError as error:
            verdict = Verdict.UNDEPLOYABLE if expected.failure else Verdict.FAILED
            raise _Judged(verdict, f"{kind}: {type(error).__name__}: {error}", expected.failure) from None

    def _judge(self, kind: str, expected: _Seen, version: ProgramModel) -> None:
        if expected.failure:
            raise _Judged(Verdict.FAILED, f"{kind}: was done, though the program fails there: {expected.failure}")
        found = self._seen()
        set_aside = expected.made_anew_though_ignoring & found.made_anew_though_ignoring
        differing = [
            *differences(without(expected.cloud, set_aside), without(found.cloud, set_aside), f"{kind}: cloud"),
            *differences(without(expected.state, set_aside), without(found.state, set_aside), f"{kind}: state"),
        ]
        program = rendered(version, tracked=self._chain.tracked)
        self._project.write({"__main__.py": program.code, **program.files})
        try:
            shown = self._shown(found, program.code)
        except ProgramFailed as failure:
            differing.append(f"{kind}: the program's preview: {failure}")
        else:
            # What is read shows what others did to it since, the policy of a queue for one: on both paths alike.
            if shown != expected.shown:
                differing.append("\n".join([f"{kind}: the program's preview:", *shown]))
        if differing:
            undecided = (expected.labels.hide_case or found.labels.hide_case) and any(
                OTHER_CASE in told for told in differing
            )
            raise _Judged(Verdict.FAILED, *differing, undecided=undecided)

    @property
    def _reads(self) -> bool:
        return any(KINDS[resource.kind].read_by for version in self._chain.versions for resource in version.resources)

    def _shown(self, there: _Seen, code: str) -> tuple[str, ...]:
        """Lines of the program's preview if it shows outputs: the engine counts no change of them as a change. In no
        order, as the engine shows what it does at once. Raises `ProgramFailed`."""
        said = self._project.preview(code)
        if "outputs:" not in said.lower():
            return ()
        return tuple(sorted(canonical(line, there.labels) for line in said.splitlines()))

    def _deploy(self, version: ProgramModel) -> None:
        program = rendered(version, tracked=self._chain.tracked)
        self._project.write({"__main__.py": program.code, **program.files})
        self._project.up(program.code)

    def _recorded(self) -> int:
        journal = Journal(self._store, NAME, lambda: datetime.now(UTC), "tests")
        recorder = Recorder(self._backend, self._archive, journal, self._store, self._project.root)
        (number,) = recorder.record().sealed
        return number

    def _seen(self) -> _Seen:
        states = [
            json.loads(self._backend.checkpoint(NAME, update))
            for update in self._backend.updates(NAME)
            if update.succeeded
        ]
        opened_states = [opened(state, self._bench.data_key) for state in states]
        labels = labels_of(opened_states, self._account)
        client: Callable[[str, str], Any] = self._bench.client
        cloud = canonical(cloud_of(self._chain, client), labels)
        anew = made_anew_though_ignoring(opened_states[-2], opened_states[-1], labels)
        return _Seen(labels, cloud, canonical_state(opened_states[-1], labels), anew)

    def _files(self) -> dict[str, bytes]:
        folder = self._project.state_folder
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def reason_of(details: Sequence[str]) -> str:
    """What a refusal is counted under: its first reason, without what is different in every example."""
    said = details[0].partition("In the way: ")[2].partition("; urn:")[0]
    reason = said.partition("): ")[2] or said.partition(": ")[2]
    return re.sub(r"(\w+ of )?urn:\S+(, )?", "", reason).strip()[:90]


def _beside_the_engine(event: EngineEvent) -> None:
    """Be where the engine runs: the provider in this process reads assets relative to that, as a plugin would."""
    if isinstance(event, EngineStarted):
        os.chdir(psutil.Process(event.process_id).cwd())


def _shortened(failure: ProgramFailed) -> str:
    lines = [line.strip() for line in str(failure).splitlines() if "error" in line.lower()]
    return " | ".join(dict.fromkeys(lines))[:600] or str(failure)[-600:]
