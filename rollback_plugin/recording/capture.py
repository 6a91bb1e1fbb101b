"""What `track()` leaves in the store for the recorder: one object for each update that ran the program."""

from collections.abc import Iterator
from datetime import UTC, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.version import Source

# Keys begin with the time; whoever looks for captures of an update starts this much before it.
SLACK = timedelta(seconds=2)


class Capture(BaseModel):
    """What was known of a deploy when its program began. Written at once, so that a crash later loses nothing of it.

    The bytes of assets are not listed here: they lie in the blob store under the hash that the checkpoint names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    started_at: AwareDatetime
    content_digest: str
    source: Source


class Captures:
    """The captures of one stack, under `stacks/<project>/<stack>/captures/`."""

    def __init__(self, store: ObjectStore, stack: StackName) -> None:
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/captures/"

    def write(self, capture: Capture) -> None:
        """Keep a capture. Raises `StoreError`s."""
        self._store.create(self._key(capture.started_at, capture.id), canonical_json(capture.model_dump(mode="json")))

    def between(self, start: AwareDatetime, end: AwareDatetime) -> Iterator[Capture]:
        """Captures that began from `start` to `end`, oldest first. One that can't be read is passed over: what it says
        is a help for the recorder, never a condition."""
        for key in self._store.list(self._prefix, after=self._key(start - SLACK, "")):
            try:
                capture = Capture.model_validate_json(self._store.read(key))
            except ValidationError:
                continue
            if capture.started_at > end:
                return
            if capture.started_at >= start:
                yield capture

    def _key(self, started_at: AwareDatetime, name: str) -> str:
        return f"{self._prefix}{started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{name}.json"
