"""A mapping in the order of its keys that is never changed, only made anew with one item more.

Its items lie in pages, and the new one shares all pages but one with the old: taking a journal's entries one after the
other costs the same for each, however many there were. A page may be raw, as it was stored, until it is asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, ItemsView, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

PAGE_ITEMS = 64
"""At most, in a page: what one more item copies."""


class Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=Ordered)
Item = TypeVar("Item")


class Page(Generic[Key, Item]):
    """Some items that follow one another; never without one."""

    __slots__ = ("_items", "_parse", "count", "first", "raw")

    def __init__(self, first: Key, count: int, raw: bytes, parse: Callable[[bytes], Mapping[Key, Item]]) -> None:
        """Not parsed yet."""
        self.first: Key = first
        self.count = count
        self.raw: bytes | None = raw
        """As it is stored; None where it wasn't yet."""
        self._parse = parse
        self._items: Mapping[Key, Item] | None = None

    @classmethod
    def of(cls, items: Mapping[Key, Item]) -> "Page[Key, Item]":
        """In order, and at least one."""
        page = cls(next(iter(items)), len(items), b"", lambda _: items)
        page.raw, page._items = None, items
        return page

    @property
    def items(self) -> Mapping[Key, Item]:
        if self._items is None and self.raw is not None:
            # Two threads that do this at once do it twice, and come to the same.
            self._items = self._parse(self.raw)
        return self._items or {}


class Paged(Mapping[Key, Item]):
    """Two are equal where their items are, whatever pages these lie in."""

    __slots__ = ("_firsts", "pages")

    def __init__(self, pages: tuple[Page[Key, Item], ...] = (), firsts: tuple[Key, ...] | None = None) -> None:
        """`firsts` are the first keys of the pages, for who knows them already."""
        self.pages = pages
        self._firsts: tuple[Key, ...] = tuple(page.first for page in pages) if firsts is None else firsts

    def having(self, key: Key, item: Item) -> "Paged[Key, Item]":
        """The same with that item, in the place of the one there was under the key."""
        if not self.pages:
            return Paged((Page.of({key: item}),))
        index = max(bisect_right(self._firsts, key) - 1, 0)
        held = self.pages[index].items
        if key in held:
            made = [Page.of({**held, key: item})]
        else:
            made = _with_new(self.pages[index], key, item, last=index == len(self.pages) - 1)
        return Paged(
            (*self.pages[:index], *made, *self.pages[index + 1 :]),
            (*self._firsts[:index], *(page.first for page in made), *self._firsts[index + 1 :]),
        )

    def __getitem__(self, key: Key) -> Item:
        index = bisect_right(self._firsts, key) - 1
        if index < 0:
            raise KeyError(key)
        return self.pages[index].items[key]

    def __iter__(self) -> Iterator[Key]:
        for page in self.pages:
            yield from page.items

    def __reversed__(self) -> Iterator[Key]:
        for page in reversed(self.pages):
            yield from reversed(tuple(page.items))

    def __len__(self) -> int:
        return sum(page.count for page in self.pages)

    def items(self) -> "_Items[Key, Item]":
        return _Items(self)

    def __repr__(self) -> str:
        return f"Paged({dict(self)!r})"

    @property
    def last(self) -> Key | None:
        """The highest key; None where there is none."""
        return next(reversed(self), None)

    def place(self, index: int) -> Key:
        """The key at that place, counted from 0. Raises `IndexError`."""
        for page in self.pages:
            if index < page.count:
                return tuple(page.items)[index]
            index -= page.count
        raise IndexError("there are not as many items")

    def between(self, low: Key, high: Key | None) -> Iterator[tuple[Key, Item]]:
        """Items whose keys are neither below `low` nor above `high`, in order; None: as high as they come."""
        first = max(bisect_right(self._firsts, low) - 1, 0)
        beyond = len(self.pages) if high is None else bisect_right(self._firsts, high)
        for page in self.pages[first:beyond]:
            keys = tuple(page.items)
            begin, end = bisect_left(keys, low), len(keys) if high is None else bisect_right(keys, high)
            for key in keys[begin:end]:
                yield key, page.items[key]


class _Items(ItemsView[Key, Item]):
    """Page by page: otherwise each item's page would be looked for."""

    _mapping: Paged[Key, Item]

    def __iter__(self) -> Iterator[tuple[Key, Item]]:
        for page in self._mapping.pages:
            yield from page.items.items()


def _with_new(page: Page[Key, Item], key: Key, item: Item, *, last: bool) -> list[Page[Key, Item]]:
    held = page.items
    newest = last and next(reversed(tuple(held))) < key
    if newest and page.count >= PAGE_ITEMS:
        # Full pages are left as they are where, as nearly always, items come in order.
        return [page, Page.of({key: item})]
    items = {**held, key: item}
    if not newest:
        items = dict(sorted(items.items(), key=lambda each: each[0]))
    if len(items) <= PAGE_ITEMS:
        return [Page.of(items)]
    half = len(items) // 2
    return [Page.of(dict(list(items.items())[:half])), Page.of(dict(list(items.items())[half:]))]
