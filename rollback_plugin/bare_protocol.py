"""Pulumi's protocol without Pulumi's SDK.

`import pulumi` takes longer than most of our processes take to do what they were started for: it loads tracing,
pickling and the Automation API. The modules generated from the protocol lie inside the SDK's package and need none of
it.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def bare_protocol() -> Iterator[None]:
    """Within the block, `from pulumi.runtime.proto import …` runs nothing of the SDK but the modules named.

    Whoever imports `pulumi` afterwards gets the SDK whole, and with these same modules. Where it was imported before,
    or isn't installed, the block is like any other. For one thread at a time: to others, too, `pulumi` is bare
    meanwhile.
    """
    found = None if "pulumi" in sys.modules else importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        yield
        return
    folder = Path(found.submodule_search_locations[0])
    packages = {
        "pulumi": folder,
        "pulumi.runtime": folder / "runtime",
        "pulumi.runtime.proto": folder / "runtime" / "proto",
    }
    for name, path in packages.items():
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    try:
        yield
    finally:
        for name in packages:
            del sys.modules[name]
