"""An engine that opens the secrets an operation needs while the rest of its command is still being loaded.

Opening them takes a process of the engine a third of a second, whatever their number: it starts, and derives the key
from the passphrase.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import Project
from rollback_plugin.controller.records import records_of
from rollback_plugin.journal.status import Status
from rollback_plugin.replay.engine import Engine
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint

FindTarget = Callable[[StackName, Status], int]
"""Which version an operation would go to. Raises where there is none."""


def engine_opening_ahead(
    project: Project, environ: Mapping[str, str], clock: Callable[[], datetime], find_target: FindTarget
) -> Engine:
    """The engine for the project's selected stack, at work already. For a process that ends with its one operation:
    plain texts stay in memory. What goes wrong is heard by whoever needs the secrets, who asks for them again."""
    engine = Engine(project, environ, remember_decrypted=True)
    at_work = Event()

    def open_both() -> None:
        try:
            records = records_of(project, environ, clock)
            target = records.archive.checkpoint(find_target(project.stack, records.status()))
            present = Checkpoint.parse(open_backend(project.backend_url, environ).current(project.stack))
            engine.copies.open_ahead(target, present, on_started=at_work.set)
        finally:
            at_work.set()

    pool = ThreadPoolExecutor(1, thread_name_prefix="secrets")
    pool.submit(open_both)
    pool.shutdown(wait=False)
    # Whatever runs beside it until then would hold it up.
    at_work.wait()
    return engine
