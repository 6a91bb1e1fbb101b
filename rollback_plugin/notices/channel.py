"""What a channel is: the contract that every kind keeps, and the conformance suite checks."""

from typing import Protocol

from rollback_plugin.notices.notice import Notice


class Channel(Protocol):
    """A way to tell somebody. `tests/notices/conformance.py` checks every kind in the same way.

    - A notice is taken once, with all its facts; its id goes with it, so that whoever gets it twice can tell.
    - `name` and every error's words hold nothing that would let their reader send to the channel.
    - One try is one try: whoever sends decides whether to try again. It ends within about ten seconds.
    """

    @property
    def kind(self) -> str:
        """`sns` or `webhook`."""
        ...

    @property
    def id(self) -> str:
        """The same for the same address, and no secret."""
        ...

    @property
    def name(self) -> str:
        """What people may be shown."""
        ...

    def send(self, notice: Notice) -> None:
        """Raises `DeliveryDelayed` where a later try may succeed, `DeliveryFailed` where it will not."""
        ...
