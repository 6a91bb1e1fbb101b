"""S(t): what must be known to have a stack's state again on another machine, years later."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from rollback_plugin.stack import StackName
from rollback_plugin.stored import Moment, Stored
from rollback_plugin.versions.service import Service


class ConfigValue(Stored, frozen=True):
    """One value of the stack's config, as the backend's history has it."""

    value: str
    """Plain text, or ciphertext where `secret`; JSON where `object`."""
    secret: bool = False
    object: bool = False


class Source(Stored, frozen=True):
    """Where the program came from."""

    commit: str | None = None
    branch: str | None = None
    origin: str | None = None
    """URL of the git remote `origin`, without user or password."""
    folder: str = "."
    """The project's folder within the repository."""
    dirty: bool = False
    """Whether files differed from the commit."""
    bundle: str | None = None
    """Blob of a tar.zst with the program's files, where no commit says what they were, or no remote has it."""
    left_out: tuple[str, ...] = ()
    """Files the bundle doesn't hold: by their names they hold secrets, or all of them were too large to keep."""


class AssetForm(StrEnum):
    """What the kept bytes are."""

    FILE = "file"
    """The file's bytes: of a file, or of an archive file."""
    TAR = "tar"
    """The tar stream the engine hashes for a folder or an asset archive."""


class AssetKept(Stored, frozen=True):
    """Bytes in the blob store, under the engine's own hash."""

    form: AssetForm


class AssetMissing(Stored, frozen=True):
    """Bytes nobody kept. The version can be re-applied only where the resource already has them."""

    urn: str
    property: str
    hash: str
    path: str
    why: str


class Version(Stored, frozen=True, kw_only=True):
    """One deploy of a stack and all that is known of it."""

    number: Annotated[int, Meta(ge=1)]
    stack: StackName
    kind: Literal["deploy", "destroy"] = "deploy"
    update: str
    """The backend's name of the update."""
    started_at: Moment
    finished_at: Moment
    succeeded: bool
    message: str = ""
    checkpoint_digest: str
    """`Checkpoint.digest` of the state the update left behind."""
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    source: Source | None = None
    content_digest: str | None = None
    """What was deployed, as one hash; None where `track()` didn't run."""
    assets: Mapping[str, AssetKept] = field(default_factory=dict)
    """Kept assets by the engine's hash."""
    missing_assets: tuple[AssetMissing, ...] = ()
    links: str | None = None
    """Blob of the `ProgramLinks`; None where `track()` didn't see the program's end."""
    plugins: Mapping[str, str] = field(default_factory=dict)
    """Version of each provider plugin by package name."""
    engine: str = ""
    """Version of the Pulumi engine that wrote the checkpoint."""
    services: tuple[Service, ...] = ()
    bake_seconds: Annotated[int, Meta(ge=0)] = 0
    alarms: tuple[str, ...] = ()

    @property
    def blobs(self) -> tuple[str, ...]:
        """The blobs that re-applying it may need, besides its checkpoint's."""
        bundle = None if self.source is None else self.source.bundle
        return (*self.assets, *(blob for blob in (self.links, bundle) if blob is not None))
