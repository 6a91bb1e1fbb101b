"""`track()`: one call in a Pulumi program makes each of its deploys a version that can be had again.

Before the first resource is registered it refuses content that was rolled back, and writes down where the program came
from. While the program runs it keeps the bytes of every asset, as they are when they are deployed: the checkpoint only
has their hash. At its end it writes down which value came from which output. In a preview it refuses, too, but writes
nothing.

A deploy without it is still a deploy, so whatever goes wrong here (no store, no right to write, an unreadable file) is
said as a warning, and the update goes on; only quarantined content ends it.
"""

import asyncio
import os
import uuid
import weakref
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2_grpc
from pulumi.runtime.stack import register_stack_transformation

from rollback_plugin.backend.project import Project, open_project
from rollback_plugin.errors import NotAPulumiProject, QuarantinedContent, RollbackPluginError, StoreError
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.own_run import is_own_run, says_planning
from rollback_plugin.recording.asset_keeping import AssetKeeper
from rollback_plugin.recording.capture import Capture, Captures, LinkRecords
from rollback_plugin.recording.content import ProjectFiles, content_digest, project_files
from rollback_plugin.recording.declared_options import OptionKeeper, with_options
from rollback_plugin.recording.origins import Origins
from rollback_plugin.recording.program_end import before_the_end
from rollback_plugin.recording.quarantine import refuse_quarantined, same_assets
from rollback_plugin.recording.registrations import Registrations
from rollback_plugin.recording.source import source_of
from rollback_plugin.store import ObjectStore, open_store
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.blobs import BlobStore

LONGEST_END_SECONDS = 10.0
"""For putting together what a program said; beyond that, its deploy isn't held up."""
NO_WAY_BACK = "This deploy can't be undone by rollback-plugin in full:"


class RefusedByQuarantine(QuarantinedContent, pulumi.RunError):
    """`QuarantinedContent` as Pulumi shows it: its one paragraph, without a traceback."""


def track() -> None:
    """Make this program's deploys versions. Call it before the first resource; calling it again does nothing.

    Outside of a deployment (a unit test with `pulumi.runtime.set_mocks`, a plain `python __main__.py`) it does nothing.
    Raises `QuarantinedContent`, in previews as well, for content that was rolled back and not released.
    """
    monitor = settings.get_monitor()
    root = settings.get_root_resource()
    if monitor is None or isinstance(monitor, MockMonitor) or root is None or getattr(root, _MARK, False):
        return
    # On the root resource, because that is what lives as long as one run of a program: one process may run several.
    setattr(root, _MARK, True)
    try:
        _Tracking(monitor, root, settings.get_root_directory() or None, lambda: datetime.now(UTC)).run()
    except RefusedByQuarantine:
        raise
    except Exception as error:  # noqa: BLE001 - nobody's deploy fails because of what only watches it
        pulumi.log.warn(f"{NO_WAY_BACK} {type(error).__name__}: {error}")


_MARK = "_rollback_plugin_tracks"
_CONTEXT = "_rollback_plugin_context"


@dataclass(frozen=True, slots=True)
class _Content:
    files: ProjectFiles
    digest: str


class _Tracking:
    """One run of `track()` in a program under the engine."""

    def __init__(
        self,
        monitor: resource_pb2_grpc.ResourceMonitorStub,
        root: pulumi.Resource,
        root_directory: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._monitor = monitor
        self._root = root
        self._root_directory = root_directory
        self._clock = clock

    def run(self) -> None:
        """Check, then keep. Raises `RefusedByQuarantine`.

        Run again by a rollback or a recovery, the program is that of a version which is kept already, and which was
        asked for: nothing is refused and nothing is kept.
        """
        started_at = self._clock()
        if settings.is_dry_run() and says_planning(os.environ):
            return
        try:
            project = self._project()
            store = open_store(project.store_url, os.environ)
            journal = Journal(store, project.stack, self._clock, actor="track")
            if not settings.is_dry_run() and is_own_run(os.environ, journal, started_at):
                return
            content = self._content(project)
            if content is not None:
                self._refuse_quarantined(project, store, journal, content.digest)
        except RefusedByQuarantine:
            raise
        except (RollbackPluginError, OSError) as error:
            pulumi.log.warn(f"{NO_WAY_BACK} {error} Nor was checked whether it was rolled back before.")
            return
        if settings.is_dry_run():
            return
        # Assets first: they are what a rollback can't do without.
        options = OptionKeeper()
        self._see_registrations(BlobStore(store), options)
        if content is not None:
            self._capture(project, store, content, started_at)
        self._keep_links(LinkRecords(store, project.stack), options, started_at)

    def _project(self) -> Project:
        folder = Path(self._root_directory or Path.cwd())
        project = open_project(folder, settings.get_stack(), os.environ)
        if project.name != settings.get_project():
            raise NotAPulumiProject(
                f"The project in {project.root} is {project.name}, and what is deployed is {settings.get_project()}."
                " Run an inline program in the folder of its own Pulumi.yaml."
            )
        return project

    def _content(self, project: Project) -> _Content | None:
        """What is deployed; None for an inline program of the Automation API. The engine names no folder for one, and
        one digest for whatever such a process deploys would quarantine everything."""
        if self._root_directory is None:
            return None
        files = project_files(project.root, project.config_file)
        return _Content(files, content_digest(files, project.config_file))

    def _see_registrations(self, blobs: BlobStore, options: OptionKeeper) -> None:
        warn = _warn_from_any_thread(self._root)
        keeper = AssetKeeper(blobs, Path.cwd(), warn)
        Registrations(self._root, self._monitor, keeper, options, warn).watch()

    def _keep_links(self, records: LinkRecords, options: OptionKeeper, started_at: datetime) -> None:
        """Where values come from is known when the program ends; until then it is only noted."""
        origins = Origins(_warn_of_links)
        loop, root = asyncio.get_running_loop(), self._root
        register_stack_transformation(origins.transformation)

        def keep() -> None:
            try:
                seen = origins.links(root, getattr(root, "outputs", {}))
                links = asyncio.run_coroutine_threadsafe(seen, loop).result(LONGEST_END_SECONDS)
                records.write(started_at, uuid.uuid4().hex[:12], with_options(links, options.by_urn))
            except Exception as error:  # noqa: BLE001 - what would fail here is the program
                _warn_of_links(error)

        before_the_end(self._monitor, keep)

    def _capture(self, project: Project, store: ObjectStore, content: _Content, started_at: datetime) -> None:
        try:
            capture = Capture(
                id=uuid.uuid4().hex[:12],
                started_at=started_at,
                content_digest=content.digest,
                source=source_of(content.files, BlobStore(store)),
            )
            Captures(store, project.stack).write(capture)
        except (RollbackPluginError, OSError) as error:
            pulumi.log.warn(f"{NO_WAY_BACK} where its program came from could not be kept. {error}")

    def _refuse_quarantined(self, project: Project, store: ObjectStore, journal: Journal, digest: str) -> None:
        """Raises `RefusedByQuarantine`, and `StoreError` where nothing can be asked."""
        archive = VersionArchive(store, project.stack)
        try:
            refuse_quarantined(
                journal, digest, self._clock(), same_assets=lambda number: same_assets(archive, number, Path.cwd())
            )
        except QuarantinedContent as refusal:
            raise RefusedByQuarantine(str(refusal)) from None
        except StoreError:
            raise
        except (RollbackPluginError, OSError) as error:
            pulumi.log.warn(f"Nobody could check whether this content was rolled back before: {error}")


def _warn_of_links(error: Exception) -> None:
    # What somebody else's exception says may be a value.
    why = str(error) if isinstance(error, RollbackPluginError) else type(error).__name__
    pulumi.log.warn(f"Where this deploy's values come from could not be kept, so a rollback has to infer it: {why}")


def _warn_from_any_thread(root: pulumi.Resource) -> Callable[[str], None]:
    """Which engine to tell is a context variable of the program's thread.

    The context has the root in it, too, whose end is the end of the run: held by what runs in a thread, it would never
    end.
    """
    setattr(root, _CONTEXT, copy_context())
    known = weakref.ref(root)

    def warn(message: str) -> None:
        there = known()
        if there is not None:
            getattr(there, _CONTEXT).copy().run(pulumi.log.warn, message)

    return warn
