"""Plans that were worked out before there was need for them.

What the engine says of re-applying a version follows from that version, from what was asked for, and from the stack's
state. So a plan made when a deploy was recorded still holds in the incident, as long as not a byte of the state has
changed, and a rollback runs the engine once instead of twice. What is needed from outside, such as plugins, bytes and
credentials, is no part of it and is looked for each time.

A plan holds for the engine and the package it was made with: their names are part of what is asked.
"""

import contextlib
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

import msgspec

from rollback_plugin.errors import ObjectMissing, StoreError
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.replay.plan import Plan
from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.stored import Misfit, plain, read
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.version import Version


@dataclass(frozen=True, slots=True)
class Question:
    """What a plan is an answer to."""

    version: Version
    options: OperationOptions
    current: bytes
    """The stack's state."""


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan that was kept, and what its update is confined to."""

    plan: Plan
    targets: tuple[str, ...]
    """URNs; empty where it isn't confined."""


class KnownPlans:
    """The plans of one stack in its present state, under `stacks/<project>/<stack>/plans/<state>/`."""

    def __init__(self, store: ObjectStore, stack: StackName, environ: Mapping[str, str]) -> None:
        """environ: where the engine is found that is to make and carry out the plans."""
        self._store = store
        self._folder = f"stacks/{stack.project}/{stack.stack}/plans/"
        self._environ = environ

    def find(self, question: Question) -> KnownPlan | None:
        """The plan, if it was made. Raises `StoreError`s other than that it wasn't."""
        try:
            return read(self._store.read(self._key(question)), KnownPlan)
        except (ObjectMissing, Misfit):
            return None

    def keep(self, question: Question, known: KnownPlan) -> None:
        """Keep a plan that refuses nothing, and forget those for other states. A store that can't be written is no
        reason to do without the plan: it is made anew next time."""
        if known.plan.refusals:
            return
        key = self._key(question)
        with contextlib.suppress(StoreError):
            for other in list(self._store.list(self._folder)):
                if not other.startswith(key.rpartition("/")[0] + "/"):
                    self._store.delete(other)
            self._store.write(key, msgspec.json.encode(known))

    def forget(self, versions: Collection[int]) -> None:
        """Remove the plans for re-applying these versions. Raises `StoreError`s."""
        for key in list(self._store.list(self._folder)):
            if key.rpartition("/")[2].partition("-")[0] in {f"{number:08}" for number in versions}:
                self._store.delete(key)

    def _key(self, question: Question) -> str:
        asked = {
            "version": sha256_hex(canonical_json(plain(question.version))),
            "options": plain(question.options),
            "engine": self._engine(),
            "package": installed_version("rollback-plugin"),
        }
        number = f"{question.version.number:08}"
        return f"{self._folder}{sha256_hex(question.current)}/{number}-{sha256_hex(canonical_json(asked))}.json"

    def _engine(self) -> str:
        """The engine's executable: asking it for its version would take a tenth of what planning does."""
        found = shutil.which("pulumi", path=self._environ.get("PATH"))
        if found is None:
            return ""
        status = Path(found).stat()
        return f"{status.st_size}-{status.st_mtime_ns}"
