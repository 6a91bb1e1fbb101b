"""Which resources can be registered now: in the order of what they need, and of what the engine carries over with them.

What a confined update doesn't register is carried over from the state: the engine puts it into the new snapshot before
the first registered resource that needs it, along with all that it needs itself and has no step yet
(`queueUntargetedDependencySames` in pkg/resource/deploy/step_generator.go, v3.259.0). A step that there is may not be
done yet; and a snapshot that has a resource before its provider, or before what it depends on, is written and then
refused ("snapshot integrity failure"). So a resource waits for whatever its needs need, registered or not, and for
another one that carries the same along.
"""

from collections.abc import Iterator, Sequence

from rollback_plugin.replay.recorded import RecordedResource, dependency_order


class RegistrationOrder:
    """The order of one engine run. Used by one thread."""

    def __init__(self, resources: Sequence[RecordedResource], registered: frozenset[str]) -> None:
        """
        Args:
            resources: all of the goal, each depending on no other one that depends on it.
            registered: URNs of those that are registered; the others are left as the state has them.
        """
        self._order = dependency_order(resources)
        self._registered = registered
        self._needs = {resource.urn: resource.needs for resource in resources}
        self._left_below: dict[str, frozenset[str]] = {}
        """By URN, what it needs that isn't registered, and what that needs in turn, up to what is."""
        self._waiting: list[str] = []
        self._under_way: dict[str, frozenset[str]] = {}
        """By URN, what is carried over with it."""
        self._carried: set[str] = set()

    def is_active(self) -> bool:
        """Whether there is anything that isn't done."""
        return bool(self._waiting or self._under_way) or self._order.is_active()

    def ready(self) -> Iterator[str]:
        """URNs to be registered now, each given once."""
        self._waiting.extend(self._reached())
        being_carried = {urn for carried in self._under_way.values() for urn in carried}
        waiting, self._waiting = self._waiting, []
        for urn in waiting:
            carried = self._left_below[urn] - self._carried
            if carried & being_carried:
                self._waiting.append(urn)
            else:
                being_carried |= carried
                self._under_way[urn] = carried
                yield urn

    def done(self, urn: str) -> None:
        """It is registered, and its step is over."""
        self._carried |= self._under_way.pop(urn)
        self._order.done(urn)

    def _reached(self) -> Iterator[str]:
        while reached := self._order.get_ready():
            for urn in reached:
                left = frozenset(each for each in self._needs[urn] if each in self._left_below) - self._registered
                self._left_below[urn] = left.union(*(self._left_below[needed] for needed in left))
                if urn in self._registered:
                    yield urn
                else:
                    self._order.done(urn)
