"""A part of a store, as a store of its own."""

from collections.abc import Iterator, Mapping

from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.keys import checked_key


class PrefixedStore:
    """The objects of `store` whose keys begin with `prefix` and a slash, under keys without them."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._folder = checked_key(prefix) + "/"

    @property
    def location(self) -> str:
        return f"{self._store.location}/{self._folder.removesuffix('/')}"

    def read(self, key: str) -> bytes:
        return self._store.read(self._folder + checked_key(key))

    def write(self, key: str, data: bytes) -> None:
        self._store.write(self._folder + checked_key(key), data)

    def create(self, key: str, data: bytes) -> None:
        self._store.create(self._folder + checked_key(key), data)

    def delete(self, key: str) -> None:
        self._store.delete(self._folder + checked_key(key))

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        start = self._folder + after if after else ""
        for key in self._store.list(self._folder + prefix, after=start):
            yield key.removeprefix(self._folder)

    def revisions(self, prefix: str) -> Mapping[str, str]:
        found = self._store.revisions(self._folder + prefix)
        return {key.removeprefix(self._folder): revision for key, revision in found.items()}
