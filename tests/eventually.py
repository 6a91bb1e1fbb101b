"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable


def eventually(deadline_seconds: float, holds: Callable[[], bool]) -> bool:
    """Look until it holds or so many seconds have passed; say whether it did."""
    deadline = time.monotonic() + deadline_seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
