"""Reading large documents without the garbage collector looking for cycles in them: it finds none, and takes longer
than the reading."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Collect nothing within it. For a fraction of a second: other threads don't collect meanwhile, either."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Of several threads, one saw it enabled.
        if enabled:
            gc.enable()
