"""What a store is: the contract every implementation keeps, and the conformance suite checks."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class ObjectStore(Protocol):
    """Objects of bytes under keys (`/`-separated, no leading slash).

    Every method may raise `StoreUnreachable`; the writing ones also `StoreReadOnly`.
    A write is all or nothing: a reader, or a crash, never sees half an object.
    """

    @property
    def location(self) -> str:
        """Where this is, as a person would write it (no credentials in it)."""
        ...

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises `ObjectMissing`."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Keep the object, replacing what was there."""
        ...

    def create(self, key: str, data: bytes) -> None:
        """Keep the object only if the key is free: of several writers exactly one wins. Raises `ObjectExists`."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        ...

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix` and sort after `after`, in order of their UTF-8 bytes."""
        ...

    def revisions(self, prefix: str) -> Mapping[str, str]:
        """By key, of the objects that begin with `prefix`: a text that is another one once the object's bytes are
        others. To see that something changed without reading it."""
        ...
