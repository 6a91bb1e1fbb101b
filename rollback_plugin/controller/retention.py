"""Which versions of a stack are kept, and why; all others may be pruned. No I/O, and no choice where a rollback or a
recovery could need a version: what these would go to is asked of the rules that choose for them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import overload

from msgspec.structs import replace

from rollback_plugin.controller.targets import recover_target, way_back_target
from rollback_plugin.journal.status import JudgedVersions, Operation, Status, Verdict, VersionStatus
from rollback_plugin.stack import StackName

WAYS_BACK = 3
"""So many versions that a rollback would go to, one after the other, are kept: healthy ones, and as many that nothing
speaks against."""


class KeptBecause(StrEnum):
    """Why a version isn't pruned. Stable tokens; docs/store.md says what each means."""

    APPLIED = "APPLIED"
    NEWEST = "NEWEST"
    BAKING = "BAKING"
    UNDER_WAY = "UNDER_WAY"
    WAY_BACK = "WAY_BACK"
    RECOVERY = "RECOVERY"
    AMONG_THE_NEWEST = "AMONG_THE_NEWEST"
    YOUNG = "YOUNG"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept even though nothing could need it."""

    newest: int
    """So many of the newest versions."""
    days: float
    """And all that were deployed within so many days."""


def kept_versions(
    stack: StackName, status: Status, retention: Retention, now: datetime
) -> Mapping[int, tuple[KeptBecause, ...]]:
    """The versions that stay, by number, each with every reason why. Of all others nothing is needed."""
    found: dict[int, set[KeptBecause]] = defaultdict(set)
    for number, why in _reasons(stack, status, retention, now):
        found[number].add(why)
    for number in _bases(status, found):
        found[number].add(KeptBecause.RECOVERY)
    there = {version.number for version in status.versions if version.pruned is None}
    return {
        number: tuple(why for why in KeptBecause if why in found[number]) for number in sorted(found) if number in there
    }


def _reasons(
    stack: StackName, status: Status, retention: Retention, now: datetime
) -> Iterator[tuple[int, KeptBecause]]:
    there = [version for version in status.versions if version.pruned is None]
    for place, version in enumerate(reversed(there)):
        if place < retention.newest:
            yield version.number, KeptBecause.AMONG_THE_NEWEST
        if now - version.deployed_at < timedelta(days=retention.days):
            yield version.number, KeptBecause.YOUNG
        if version.verdict is Verdict.BAKING:
            yield version.number, KeptBecause.BAKING
    if status.applied is None or status.newest is None:
        return
    recovered = recover_target(stack, status, None)
    yield status.applied, KeptBecause.APPLIED
    yield status.newest, KeptBecause.NEWEST
    yield recovered, KeptBecause.RECOVERY
    if status.keeping is not None:
        yield status.keeping.base, KeptBecause.RECOVERY
        yield status.keeping.version, KeptBecause.RECOVERY
    for number in _under_way(status):
        yield number, KeptBecause.UNDER_WAY
    for start in {status.applied, status.newest, recovered}:
        for number in _ways_back(status, start):
            yield number, KeptBecause.WAY_BACK


def _under_way(status: Status) -> Iterator[int]:
    """What an operation, its verification, a failure that may be tried again, or a question is about."""
    for operation in (status.operation, status.verifying, status.unhelpful):
        if operation is not None:
            yield from _versions_of(operation)
    if status.last_failure is not None:
        yield from _versions_of(status.last_failure.operation)
    if status.question is not None:
        yield status.question.asked.version
        yield status.question.asked.target
    if status.held is not None:
        yield status.held.version


def _versions_of(operation: Operation) -> Iterator[int]:
    yield operation.target
    if operation.undoes is not None:
        yield operation.undoes
    if operation.options.keeping is not None:
        yield operation.options.keeping.base
        yield operation.options.keeping.version


def _ways_back(status: Status, start: int) -> Iterator[int]:
    """What rollbacks would go to if the stack ran version `start`, the one after the other being of no use."""
    choices: tuple[Callable[[Status], int | None], ...] = (
        Status.healthy_target,
        Status.unproven_target,
        lambda left: way_back_target(left, start),
    )
    for choose in choices:
        left = replace(status, applied=start)
        for _ in range(WAYS_BACK):
            target = choose(left)
            if target is None:
                break
            yield target
            left = replace(left, versions=_Without(left.versions, target))


class _Without(JudgedVersions):
    """All versions but one."""

    def __init__(self, versions: JudgedVersions, number: int) -> None:
        self._left = tuple(version for version in versions if version.number != number)

    def numbered(self, number: int) -> VersionStatus | None:
        return next((version for version in self._left if version.number == number), None)

    def __len__(self) -> int:
        return len(self._left)

    @overload
    def __getitem__(self, index: int) -> VersionStatus: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[VersionStatus]: ...
    def __getitem__(self, index: int | slice) -> VersionStatus | Sequence[VersionStatus]:
        return self._left[index]


def _bases(status: Status, kept: Mapping[int, object]) -> set[int]:
    """The versions that recovering one of those kept would compare with, and so on: what a recovery has to keep is what
    was changed since the version rolled back to."""
    by_number = {version.number: version for version in status.versions}
    bases: set[int] = set()
    left = list(kept)
    while left:
        version = by_number.get(left.pop())
        undone = None if version is None else version.undone
        if undone is not None and undone.target not in bases:
            bases.add(undone.target)
            left.append(undone.target)
    return bases
