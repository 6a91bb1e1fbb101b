"""How commands that run until they are told to stop are told."""

import signal
import threading
from types import FrameType


def stop_on_signal() -> threading.Event:
    """Set on SIGTERM and on Ctrl-C, which from here on end nothing by themselves."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop
