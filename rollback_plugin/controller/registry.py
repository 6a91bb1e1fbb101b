"""Which stacks there are on a backend, and which alarms are whose, so that a hint finds its stacks."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollback_plugin.backend.history import Backend
from rollback_plugin.errors import DamagedSnapshot, UnknownVersion
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore
from rollback_plugin.versions.archive import VersionArchive

VERSIONS_LOOKED_AT = 3
"""A stack listens to the alarms of what it runs, which after a rollback isn't its newest version."""
LOOKED_UP_AT_MOST_EVERY = timedelta(seconds=30)
"""However many unknown names are asked for: whoever can send messages must not be able to make us read the store
without an end."""
KEPT_FOR = timedelta(minutes=5)
READERS = 16
"""How many stacks' versions are read at once; it is the store's answers that take time."""


@dataclass(frozen=True, slots=True)
class _Known:
    at: datetime
    alarms: Mapping[StackName, frozenset[str]]
    by_alarm: Mapping[str, frozenset[StackName]]


@dataclass
class StackRegistry:
    """The stacks of one backend. What was read is kept for five minutes, or until something isn't found."""

    backend: Backend
    store: ObjectStore
    clock: Callable[[], datetime]
    serves: Callable[[StackName], bool] = lambda stack: True
    """Which of the backend's stacks are ours to look at."""
    _known: _Known | None = None
    _versions: dict[tuple[StackName, int], frozenset[str]] = field(default_factory=dict)
    """Alarms by version. Versions never change."""

    def listed(self) -> tuple[StackName, ...]:
        """All of them, by name, as the backend has them now. Raises the store's errors."""
        return tuple(stack for stack in self.backend.every_stack() if self.serves(stack))

    def stacks(self) -> tuple[StackName, ...]:
        """Like `listed`; what is known of their alarms is read anew, too."""
        return tuple(self._read().alarms)

    def with_alarm(self, alarm: str) -> tuple[StackName, ...]:
        """The stacks that listen to an alarm of this name; none for one that is nobody's. Raises the store's errors."""
        found = self._recent().by_alarm.get(alarm) or self._after_a_miss().by_alarm.get(alarm, frozenset())
        return tuple(sorted(found, key=str))

    def knows(self, stack: StackName) -> bool:
        """Whether there is such a stack. Raises the store's errors."""
        return stack in self._recent().alarms or stack in self._after_a_miss().alarms

    def judged_with(self, stacks: Sequence[StackName]) -> tuple[StackName, ...]:
        """The stacks, and those that share alarms with them, directly or through others: whose deploy made a shared
        alarm ring can only be told by looking at all of them."""
        known = self._recent()
        found: dict[StackName, None] = {}
        left = list(stacks)
        while left:
            stack = left.pop()
            if stack in found:
                continue
            found[stack] = None
            left += [other for alarm in known.alarms.get(stack, ()) for other in known.by_alarm[alarm]]
        return tuple(sorted(found, key=str))

    def _recent(self) -> _Known:
        known = self._known
        return known if known is not None and self.clock() - known.at < KEPT_FOR else self._read()

    def _after_a_miss(self) -> _Known:
        known = self._known
        if known is not None and self.clock() - known.at < LOOKED_UP_AT_MOST_EVERY:
            return known
        return self._read()

    def _read(self) -> _Known:
        at = self.clock()
        stacks = self.listed()
        with ThreadPoolExecutor(READERS, thread_name_prefix="registry") as readers:
            alarms = dict(zip(stacks, readers.map(self._alarms, stacks), strict=True))
        by_alarm: dict[str, set[StackName]] = defaultdict(set)
        for stack, names in alarms.items():
            for name in names:
                by_alarm[name].add(stack)
        self._known = _Known(at, alarms, {name: frozenset(found) for name, found in by_alarm.items()})
        return self._known

    def _alarms(self, stack: StackName) -> frozenset[str]:
        archive = VersionArchive(self.store, stack)
        newest = archive.numbers()[-VERSIONS_LOOKED_AT:]
        return frozenset[str]().union(*(self._version_alarms(archive, number) for number in newest))

    def _version_alarms(self, archive: VersionArchive, number: int) -> frozenset[str]:
        key = (archive.stack, number)
        if key not in self._versions:
            try:
                self._versions[key] = frozenset(archive.read(number).alarms)
            except (DamagedSnapshot, UnknownVersion):
                # The round over this stack meets the same, and tells of it.
                return frozenset()
        return self._versions[key]
