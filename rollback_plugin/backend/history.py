"""A stack's state, history and locks, as a DIY backend keeps them.

Read from the engine's pkg/backend/diy (store.go, state.go, lock.go), layout version 1: under `.pulumi/`, a stack's
state is `stacks/<project>/<stack>.json`, its history `history/<project>/<stack>/<stack>-<nanoseconds>.history.json`
and, written after it, `….checkpoint.json`, its locks `locks/organization/<project>/<stack>/<id>.json`; state and
history also with `.gz` or `.zst`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import yaml
from msgspec import Struct, field

from rollback_plugin.backend.compression import compressed_as, decompressed, without_state_ending
from rollback_plugin.backend.locks import Lock, parsed_lock
from rollback_plugin.backend.updates import Update, parsed_update
from rollback_plugin.errors import NoStackSelected, ObjectMissing, UnsupportedBackend
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore, PrefixedStore, open_store
from rollback_plugin.stored import Misfit, Moment, read

SUPPORTED_SCHEMES = ("file", "s3")
ATTRIBUTES_ENDING = ".attrs"


class Backend:
    """A DIY backend whose `.pulumi/` folder is `store`. Every method may raise the store's errors."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        # History files never change once written; each is fetched once.
        self._updates: dict[str, Update] = {}

    @property
    def location(self) -> str:
        """Where this is, as a person would write it."""
        return self._store.location

    def updates(self, stack: StackName) -> list[Update]:
        """Every update that ended, oldest first. One whose checkpoint isn't written yet has not ended."""
        histories: dict[str, str] = {}
        checkpoints = set()
        folder = _history_folder(stack)
        for key in self._store.list(folder):
            stem = without_state_ending(key.removeprefix(folder))
            if stem is None:
                continue
            if stem.endswith(".history"):
                histories[stem.removesuffix(".history")] = key
            elif stem.endswith(".checkpoint"):
                checkpoints.add(stem.removesuffix(".checkpoint"))
        finished = sorted(histories.keys() & checkpoints, key=_nanoseconds)
        return [self._update(name, histories[name]) for name in finished]

    def _update(self, name: str, key: str) -> Update:
        if key not in self._updates:
            self._updates[key] = parsed_update(name, decompressed(self._store.read(key), key), key)
        return self._updates[key]

    def checkpoint(self, stack: StackName, update: Update) -> bytes:
        """The state right after `update`: JSON, `{"version": 3, "checkpoint": {…}}`. Raises `ObjectMissing`."""
        stem = f"{_history_folder(stack)}{update.name}.checkpoint"
        found = self._state_file(stem)
        if found is None:
            raise ObjectMissing(
                f"The backend {self.location} has no checkpoint {stem}.json any more: somebody removed it, or "
                "the stack."
            )
        return found

    def current(self, stack: StackName) -> bytes:
        """The state as it is: JSON, as in `checkpoint`. Raises `NoStackSelected`, naming the stacks there are."""
        found = self._state_file(_state_stem(stack))
        if found is None:
            raise no_such_stack(stack, self.stacks(stack.project), self.location)
        return found

    def replace_current(self, stack: StackName, state: bytes) -> None:
        """Put `state`, JSON as in `checkpoint`, in the place of the one there is, compressed as that is. Whoever calls
        this sees to it that an engine of ours holds the stack's lock, and that it writes nothing meanwhile."""
        key = self._state_key(_state_stem(stack))
        if key is None:
            raise no_such_stack(stack, self.stacks(stack.project), self.location)
        self._store.write(key, compressed_as(state, key))

    def state_revision(self, stack: StackName) -> str:
        """A text that is another one once the state is; empty where there is none."""
        found = self._store.revisions(f"{_state_stem(stack)}.json")
        return " ".join(
            f"{key}={found[key]}" for key in sorted(found) if without_state_ending(key) == _state_stem(stack)
        )

    def stacks(self, project: str) -> list[str]:
        """Names of the project's stacks, sorted."""
        folder = f"stacks/{project}/"
        names = (without_state_ending(key.removeprefix(folder)) for key in self._store.list(folder))
        return sorted({name for name in names if name is not None and "/" not in name})

    def every_stack(self) -> list[StackName]:
        """The stacks of all projects, by name."""
        found = set()
        for key in self._store.list("stacks/"):
            stem = without_state_ending(key.removeprefix("stacks/"))
            if stem is not None and stem.count("/") == 1:
                found.add(StackName(*stem.split("/")))
        return sorted(found, key=str)

    def locks(self, stack: StackName) -> list[Lock]:
        """Locks on the stack, oldest first; usually one or none."""
        locks = []
        for key in self._store.list(f"locks/{stack.fully_qualified}/"):
            if not key.endswith(".json"):
                continue
            try:
                locks.append(parsed_lock(key, self._store.read(key)))
            except ObjectMissing:
                # Its update ended between the listing and the reading.
                continue
        return sorted(locks, key=lambda lock: lock.time)

    def break_lock(self, stack: StackName, lock: Lock) -> None:
        """Remove a lock of the stack. Whoever calls this has made sure that its process is dead.

        In a folder, what the killed process left unreadable goes with it: the engine keeps attributes beside each
        object and doesn't write them in one piece (gocloud.dev/blob/fileblob/attrs.go). Killed there, it leaves an
        empty file, at which every later engine fails with `failed to load checkpoint: EOF`; it does well without one.
        """
        for key in list(self._store.list(f"{_state_stem(stack)}.json")):
            if key.endswith(ATTRIBUTES_ENDING) and not self._store.read(key):
                self._store.delete(key)
        self._store.delete(lock.key)

    def _state_file(self, stem: str) -> bytes | None:
        key = self._state_key(stem)
        return None if key is None else self._unpacked(key)

    def _state_key(self, stem: str) -> str | None:
        """The newest of the files there are; a killed engine may leave one of each compression (its stackPath)."""
        keys = [key for key in self._store.list(f"{stem}.json") if without_state_ending(key) == stem]
        return (
            max(keys, key=lambda key: _manifest_time(self._unpacked(key))) if len(keys) > 1 else next(iter(keys), None)
        )

    def _unpacked(self, key: str) -> bytes:
        return decompressed(self._store.read(key), key)


def open_backend(url: str, environ: Mapping[str, str]) -> Backend:
    """The backend at `url`, written as for `pulumi login`.

    Raises `UnsupportedBackend` for one that isn't a DIY backend read here, or has a layout other than version 1.
    """
    require_supported(url)
    store = PrefixedStore(open_store(url, environ), ".pulumi")
    _require_layout(store)
    return Backend(store)


def require_supported(url: str) -> None:
    """Raises `UnsupportedBackend` when the backend at `url` can't be read, by its scheme."""
    scheme = url.partition("://")[0]
    if scheme not in SUPPORTED_SCHEMES:
        raise UnsupportedBackend(
            f"A {scheme}:// backend can't be read yet. Today rollback works with state in a folder (file://…) or in "
            "an S3 bucket (s3://…); log in to one with: pulumi login s3://<bucket>."
        )


def no_such_stack(stack: StackName, existing: list[str], location: str) -> NoStackSelected:
    """The error for a stack that the backend doesn't have."""
    there = f"It has: {', '.join(existing)}." if existing else "It has none of this project."
    return NoStackSelected(
        f"The backend {location} has no stack {stack.stack} of the project {stack.project}. {there} Name one with "
        "--stack, or make it with: pulumi stack init."
    )


def _require_layout(store: ObjectStore) -> None:
    """The layout's version stands in `meta.yaml`, but for a time it wasn't written (pkg/backend/diy/meta.go)."""
    try:
        document = yaml.safe_load(store.read("meta.yaml"))
        version = document["version"]
    except ObjectMissing:
        has_unscoped_stacks = any("/" not in key.removeprefix("stacks/") for key in store.list("stacks/"))
        version = 0 if has_unscoped_stacks else 1
    except (yaml.YAMLError, TypeError, KeyError):
        version = None
    if version == 0:
        raise UnsupportedBackend(
            f"The backend {store.location} has the layout from before Pulumi 3.61, which doesn't keep projects apart. "
            "Bring it up to date with: pulumi state upgrade."
        )
    if version != 1:
        raise UnsupportedBackend(
            f"The backend {store.location} has a layout that isn't known here (meta.yaml says version {version}). "
            "Upgrade with: pip install --upgrade rollback-plugin."
        )


def _state_stem(stack: StackName) -> str:
    return f"stacks/{stack.project}/{stack.stack}"


def _history_folder(stack: StackName) -> str:
    return f"history/{stack.project}/{stack.stack}/"


def _nanoseconds(update: str) -> tuple[int, str]:
    """By time, which is also by name but for the day that the number gets a digit longer."""
    digits = update.rpartition("-")[2]
    return (int(digits) if digits.isdigit() else 0, update)


class _Manifest(Struct, frozen=True):
    time: Moment = datetime.min.replace(tzinfo=UTC)


class _Deployment(Struct, frozen=True):
    manifest: _Manifest = field(default_factory=_Manifest)


class _Checkpoint(Struct, frozen=True):
    latest: _Deployment | None = None


class _StateFile(Struct, frozen=True):
    checkpoint: _Checkpoint


def _manifest_time(data: bytes) -> datetime:
    """When the engine wrote a state file, by its own word; the beginning of time for one that doesn't say."""
    try:
        latest = read(data, _StateFile).checkpoint.latest
    except Misfit:
        latest = None
    return (latest or _Deployment()).manifest.time
