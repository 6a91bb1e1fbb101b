"""Run as a process of its own: starts a rollback and dies by SIGKILL when the engine starts on the first change.

Arguments: the project's folder, the folder of the store, the version to go back to, and `with-engine` where the engine
is to die with it. Prints the process ids of the engine and of all that it started, which are the provider plugins.
"""

import os
import signal
import sys
from pathlib import Path

import psutil

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.events import EngineEvent, EngineStarted, ResourceStep
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.archive import VersionArchive

engines: list[int] = []


def die_at_the_first_change(event: EngineEvent) -> None:
    if isinstance(event, EngineStarted):
        engines.append(event.process_id)
    if isinstance(event, ResourceStep) and event.operation == "update" and event.stage == "started":
        plugins = psutil.Process(engines[-1]).children(recursive=True)
        sys.stdout.write(" ".join(map(str, [engines[-1], *(plugin.pid for plugin in plugins)])))
        sys.stdout.flush()
        if sys.argv[4:] == ["with-engine"]:
            os.kill(engines[-1], signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


project = open_project(Path(sys.argv[1]), "dev", os.environ)
Replay(
    project.stack,
    Engine(project, os.environ),
    open_backend(project.backend_url, os.environ),
    VersionArchive(FolderStore(Path(sys.argv[2])), project.stack),
).apply(int(sys.argv[3]), "operation-1", "rollback", on_event=die_at_the_first_change)
