"""Which stacks a store knows."""

from collections.abc import Iterator

from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore

_STACKS = "stacks/"


def stacks_in(store: ObjectStore) -> Iterator[StackName]:
    """The stacks that have anything in the store, in the order of their keys. Raises the store's errors.

    One list request per stack: what one has, however much, is passed over.
    """
    after = _STACKS
    while True:
        key = next(iter(store.list(_STACKS, after=after)), None)
        if key is None:
            return
        project, stack, _ = key.removeprefix(_STACKS).split("/", 2)
        yield StackName(project, stack)
        # `0` is the character after the slash: the next key is another stack's.
        after = f"{_STACKS}{project}/{stack}0"
