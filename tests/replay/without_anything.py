"""Run as a process of its own: rolls a stack back with nothing of its project at hand.

Arguments: project, stack, URL of the backend, folder of the store, the version to go back to. Prints as JSON what it
had at the end: the modules of providers that were imported, and the files of the folder it ran in.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rollback_plugin.backend.history import open_backend
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.archive import VersionArchive


@dataclass(frozen=True)
class Location:
    stack: StackName
    backend_url: str


project, name, backend_url, store, version = sys.argv[1:]
stack = StackName(project, name)
Replay(
    stack,
    Engine(Location(stack, backend_url), os.environ),
    open_backend(backend_url, os.environ),
    VersionArchive(FolderStore(Path(store)), stack),
).apply(int(version), "operation-1", "rollback")
found = {
    "imported": sorted(module for module in sys.modules if module.startswith("pulumi_")),
    "files": sorted(path.name for path in Path.cwd().iterdir()),
}
sys.stdout.write(json.dumps(found))
