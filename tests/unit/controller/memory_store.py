"""A store in memory: for rules that are tried thousands of times."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from rollback_plugin.errors import ObjectExists, ObjectMissing
from rollback_plugin.store.keys import checked_key


class MemoryStore:
    """Objects that end with the test."""

    location = "memory"

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def read(self, key: str) -> bytes:
        if checked_key(key) not in self._objects:
            raise ObjectMissing(f"{self.location} has no object {key}.")
        return self._objects[key]

    def write(self, key: str, data: bytes) -> None:
        self._objects[checked_key(key)] = data

    def create(self, key: str, data: bytes) -> None:
        if checked_key(key) in self._objects:
            raise ObjectExists(f"{self.location} already has an object {key}.")
        self._objects[key] = data

    def delete(self, key: str) -> None:
        self._objects.pop(checked_key(key), None)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        keys = sorted((key for key in tuple(self._objects) if key.startswith(prefix)), key=str.encode)
        return iter(keys[bisect_right(keys, after.encode(), key=str.encode) :])

    def revisions(self, prefix: str) -> Mapping[str, str]:
        return {key: str(hash(self._objects[key])) for key in self.list(prefix)}

    def copied(self) -> "MemoryStore":
        """Another place with the same objects."""
        copy = MemoryStore()
        copy._objects = dict(self._objects)
        return copy
