"""The Pulumi command line, run without the Automation API: one process for one thing to be done."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from rollback_plugin.replay.engine_failure import failure_of
from rollback_plugin.replay.engine_process import run_engine, started_engine
from rollback_plugin.replay.events import Diagnostic, EngineEvent, EngineStarted, ignore_events
from rollback_plugin.replay.scratch_project import scratch_project
from rollback_plugin.replay.state_copies import StateCopies, as_exported, backend_in, targeted
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint

if TYPE_CHECKING:
    from rollback_plugin.replay.language_server import Program


class StackLocation(Protocol):
    """Which stack, on which backend."""

    @property
    def stack(self) -> StackName: ...

    @property
    def backend_url(self) -> str:
        """As `PULUMI_BACKEND_URL` takes it; a `file://` one absolute."""
        ...


@dataclass(frozen=True, slots=True)
class ProgramInFolder:
    """The project's own program, run by the language host of its runtime."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Put into the environment of the engine, which hands them on to the program."""


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How an update is to be made."""

    message: str
    """What the backend's history will say about it."""
    targets: tuple[str, ...] = ()
    """URNs that it is confined to; empty where it is not."""
    announced: frozenset[str] = frozenset()
    """URNs of what is announced in the state beforehand (`replay/announcement.py`), so that the engine writes the state
    at the end only; empty where it writes each thing it does."""


class Engine:
    """The engine for one stack."""

    def __init__(
        self, location: StackLocation, environ: Mapping[str, str], *, remember_decrypted: bool = False
    ) -> None:
        """
        Args:
            environ: the environment to run the engine in: PATH to find it, credentials, PULUMI_HOME with its plugins,
                the passphrase.
            remember_decrypted: whether to keep plain texts in memory, for a process that ends with its one operation:
                the plan and the update need the same.
        """
        self._stack = location.stack
        self._backend_url = location.backend_url
        self._environ = environ
        self.copies = StateCopies(location.stack, environ, remember_decrypted=remember_decrypted)
        """What it is asked about states, whether they are the stack's or not."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment it runs in."""
        return self._environ

    def replace_state(self, checkpoint: Checkpoint, on_event: Callable[[EngineEvent], None] = ignore_events) -> None:
        """Put the checkpoint in the place of the stack's state, under the stack's lock. Nothing in the cloud changes.

        Args:
            on_event: told that the engine runs, and nothing else.

        Raises:
            EngineLocked: another update holds the lock; nothing was changed.
            EngineFailed, WrongPassphrase: the engine doesn't take it.
        """
        with scratch_project(self._stack, {}, checkpoint.secrets_providers) as folder:
            file = folder / "state.json"
            file.write_text(json.dumps(as_exported(checkpoint)))
            finished = run_engine(
                self._environ,
                ["stack", "import", f"--file={file}", *self._selected],
                folder,
                {"PULUMI_BACKEND_URL": self._backend_url},
                on_started=lambda process_id: on_event(EngineStarted(process_id)),
            )
        if finished.exit_code != 0:
            raise failure_of(self._stack, "take over what exists into", finished)

    @property
    def _selected(self) -> list[str]:
        return ["--stack", self._stack.fully_qualified]

    def preview_project(self, folder: Path) -> bytes:
        """What `pulumi preview --json` says of the project in `folder`, run as anybody would.

        A preview that failed is in there, too, as far as it came. Raises `EngineFailed` where there is none at all.
        """
        arguments = ["preview", "--json", *self._selected]
        finished = run_engine(self._environ, arguments, folder, {"PULUMI_BACKEND_URL": self._backend_url})
        if finished.exit_code != 0 and not finished.output.lstrip().startswith("{"):
            raise failure_of(self._stack, "preview the program of", finished)
        return finished.output.encode()

    def preview(
        self,
        program: "Program | ProgramInFolder",
        folder: Path,
        on_event: Callable[[EngineEvent], None],
        assumed: Checkpoint | None = None,
        targets: Sequence[str] = (),
    ) -> None:
        """Let the engine work out what running the program would do; nothing is changed.

        Args:
            assumed: the state to start from, where that isn't the stack's own.
            targets: URNs that it is confined to; none where it is not.

        Raises:
            EngineFailed, WrongPassphrase: the engine can't tell.
        """
        purpose = "work out what re-applying a version would do to"
        with nullcontext() if assumed is None else self.copies.copy_of(assumed) as copy:
            backend = {} if copy is None else backend_in(copy)
            with self._operating("preview", purpose, program, folder, on_event, targeted(targets), backend) as ended:
                ended()

    def update(
        self,
        program: "Program | ProgramInFolder",
        folder: Path,
        on_event: Callable[[EngineEvent], None],
        options: UpdateOptions,
    ) -> None:
        """Make the stack what the program registers.

        Args:
            folder: the project to run in.

        Raises:
            EngineLocked: another update holds the stack's lock; nothing was changed.
            EngineFailed, WrongPassphrase: the engine reported failure, perhaps half-way; running it again goes on from
                there.
        """
        with self.begun_update(program, folder, on_event, options) as ended:
            ended()

    @contextmanager
    def begun_update(
        self,
        program: "Program | ProgramInFolder",
        folder: Path,
        on_event: Callable[[EngineEvent], None],
        options: UpdateOptions,
    ) -> Iterator[Callable[[], None]]:
        """Begin an update. What is yielded waits for its end, and raises as `update` does; the block ends no earlier
        than the update. Until the program registers something, nothing is touched."""
        arguments = ["--yes", "--skip-preview", "--message", options.message, *targeted(options.targets)]
        # Said either way: where nothing is announced, a killed engine has to leave word of what it was doing.
        writing = {"PULUMI_SKIP_CHECKPOINTS": "true" if options.announced else "false"}
        with self._operating("up", "re-apply a version of", program, folder, on_event, arguments, writing) as ended:
            yield ended

    @contextmanager
    def _operating(
        self,
        command: str,
        purpose: str,
        program: "Program | ProgramInFolder",
        folder: Path,
        on_event: Callable[[EngineEvent], None],
        arguments: Sequence[str],
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[Callable[[], None]]:
        # Imported late: most commands run no engine.
        from rollback_plugin.replay.language_server import serve

        errors: list[Diagnostic] = []

        def collect(event: EngineEvent) -> None:
            if isinstance(event, Diagnostic) and event.severity == "error":
                errors.append(event)
            on_event(event)

        own = {
            "PULUMI_BACKEND_URL": self._backend_url,
            "PULUMI_DEBUG_COMMANDS": "true",
            **(program.variables if isinstance(program, ProgramInFolder) else {}),
        }
        with ExitStack() as running:
            server = running.enter_context(serve(None if isinstance(program, ProgramInFolder) else program, collect))
            served = () if server.program is None else (f"--client={server.program}", "--exec-kind=auto.inline")
            command_line = [
                command,
                "--stack",
                self._stack.fully_qualified,
                *served,
                f"--event-log=tcp://{server.events}",
                "--suppress-outputs",
                "--suppress-progress",
                *arguments,
            ]
            engine = running.enter_context(started_engine(self._environ, command_line, folder, {**own, **variables}))
            on_event(EngineStarted(engine.process_id))

            def ended() -> None:
                finished = engine.finished()
                # With the server's end, all events have come.
                running.close()
                if server.failure is not None:
                    raise server.failure
                if finished.exit_code != 0:
                    raise failure_of(self._stack, purpose, finished, errors)

            yield ended
