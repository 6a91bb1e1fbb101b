"""What consumers would miss if they were moved back before the engine has run, known before there is need for it.

To tell, the target's checkpoint and the stack's state are gone through, however large they are. So the answer is kept
for the state as it is, and in the incident it is enough that not a byte of that has changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version

from rollback_plugin.controller.lambda_records import missing_for_function
from rollback_plugin.controller.ports import EngineBackend
from rollback_plugin.errors import ObjectMissing, StoreError
from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.stored import Misfit, Stored, plain, read
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint

Missing = Mapping[str, tuple[str, ...]]
"""URNs by service: what it needs in the target, and the stack's state doesn't have."""


class _Question(Stored, frozen=True):
    target: int
    state: str
    """sha256 of the stack's state."""
    package: str


class _Known(Stored, frozen=True):
    question: _Question
    missing: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ConsumersAhead:
    """The last answer for one stack, kept under `stacks/<project>/<stack>/consumers.json`."""

    stack: StackName
    store: ObjectStore
    archive: VersionArchive
    backend: EngineBackend

    def work_out(self, target: int) -> None:
        """Find and keep the answer for that version and the state as it is. A store that can't be written is no
        reason to do without: it is found in the incident, then. Raises `UnknownVersion`, `DamagedSnapshot` and the
        errors of reading store and backend."""
        state = self.backend.current(self.stack)
        known = _Known(question=_question(target, state), missing=self._found(target, state))
        with contextlib.suppress(StoreError):
            self.store.write(self._key, canonical_json(plain(known)))

    def missing(self, target: int) -> Missing:
        """The answer, as it was kept or found now. Raises as `work_out` does."""
        state = self.backend.current(self.stack)
        known = self._kept()
        if known is not None and known.question == _question(target, state):
            return known.missing
        return self._found(target, state)

    def _found(self, target: int, state: bytes) -> dict[str, tuple[str, ...]]:
        recorded = self.archive.checkpoint(target)
        current = Checkpoint.parse(state, source="the stack's present state")
        return {
            service.name: missing_for_function(service.traffic, recorded, current)
            for service in self.archive.read(target).services
            if service.traffic is not None
        }

    def _kept(self) -> _Known | None:
        try:
            return read(self.store.read(self._key), _Known)
        except (ObjectMissing, Misfit):
            return None

    @property
    def _key(self) -> str:
        return f"stacks/{self.stack.project}/{self.stack.stack}/consumers.json"


def _question(target: int, state: bytes) -> _Question:
    return _Question(target=target, state=sha256_hex(state), package=installed_version("rollback-plugin"))
