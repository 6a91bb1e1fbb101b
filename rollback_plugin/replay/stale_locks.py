"""Removing a lock that an engine of ours left behind when it was killed. Anybody else's lock is theirs to remove."""

from collections.abc import Callable, Collection

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.locks import Lock
from rollback_plugin.stack import StackName


def break_own_locks(
    backend: Backend,
    stack: StackName,
    *,
    host: str,
    engine_process_ids: Collection[int],
    is_running: Callable[[int], bool],
) -> tuple[Lock, ...]:
    """Remove those locks of the stack that belong to engines we started and that no longer run; return them.

    A DIY backend's locks don't expire: whoever is killed leaves one, and every later update fails
    (pkg/backend/diy/lock.go).

    Args:
        host: this machine's name as the engine writes it into a lock (`hostname`).
        engine_process_ids: process ids of the engines started for this stack from this machine
            (`EngineStarted.process_id`).
        is_running: whether a process of that id runs on this machine.
    """
    own = [
        lock
        for lock in backend.locks(stack)
        if lock.host == host and lock.pid in engine_process_ids and not is_running(lock.pid)
    ]
    for lock in own:
        backend.break_lock(lock)
    return tuple(own)
