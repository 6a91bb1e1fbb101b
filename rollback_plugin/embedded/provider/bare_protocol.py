"""Makes Pulumi's protocol modules importable without running the Pulumi SDK's own imports.

The engine starts this provider for every run, and `import pulumi` costs more than everything else here together (it
loads tracing libraries). The modules generated from the protocol need none of it. Only for the plugin's own process, in
which nothing else of the SDK is ever used.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from rollback_plugin.errors import EmbeddedError


def use_bare_protocol() -> None:
    """Puts empty packages in place of `pulumi`, `pulumi.runtime` and `pulumi.runtime.proto`, at their real paths.

    Raises `EmbeddedError` when the Pulumi SDK isn't installed.
    """
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(f"The Pulumi SDK is not installed beside {sys.executable}; install it: pip install pulumi.")
    folder = Path(found.submodule_search_locations[0])
    for name, path in (
        ("pulumi", folder),
        ("pulumi.runtime", folder / "runtime"),
        ("pulumi.runtime.proto", folder / "runtime" / "proto"),
    ):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
