"""The Pulumi command line, run without the Automation API: one process for one thing to be done."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from rollback_plugin.errors import EngineError
from rollback_plugin.replay.engine_failure import engine_failure
from rollback_plugin.replay.engine_process import FinishedEngine, run_engine, started_engine
from rollback_plugin.replay.events import Diagnostic, EngineEvent, EngineStarted, ignore_events
from rollback_plugin.replay.scratch_project import scratch_project
from rollback_plugin.replay.sealed import carried, carrier, opened
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import ConfigValue

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
        self._plaintexts_by_seal: dict[str, dict[str, str]] | None = {} if remember_decrypted else None
        self._opening = threading.Lock()

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment it runs in."""
        return self._environ

    @property
    def remembers_decrypted(self) -> bool:
        """Whether plain texts stay in memory."""
        return self._plaintexts_by_seal is not None

    def decrypt(self, *checkpoints: Checkpoint) -> tuple[Checkpoint, ...]:
        """The checkpoints with their secrets in plain text, in memory only. Raises `WrongPassphrase`, `EngineFailed`.

        Their ciphertexts are put into a file backend made for the purpose, from which the engine exports them opened:
        at once for all checkpoints that are sealed alike.
        """
        plaintexts = self._plaintexts_by_seal_of(checkpoints)
        return tuple(opened(checkpoint, plaintexts[_seal_of(checkpoint)]) for checkpoint in checkpoints)

    def open_ahead(self, *checkpoints: Checkpoint, on_started: Callable[[], None]) -> None:
        """Have at hand what `decrypt` will be asked for. Only of use where plain texts are remembered. Raises the same.

        Args:
            on_started: told each time that the engine begins.
        """
        self._plaintexts_by_seal_of(checkpoints, on_started)

    def _plaintexts_by_seal_of(
        self, checkpoints: Sequence[Checkpoint], on_started: Callable[[], None] = lambda: None
    ) -> Mapping[str, Mapping[str, str]]:
        sealed_alike: dict[str, list[Checkpoint]] = {}
        for checkpoint in checkpoints:
            sealed_alike.setdefault(_seal_of(checkpoint), []).append(checkpoint)
        # Two that remember shouldn't both open the same; without memory, nobody needs to wait for another's opening.
        with self._opening if self.remembers_decrypted else nullcontext():
            return {seal: self._plaintexts(seal, alike, on_started) for seal, alike in sealed_alike.items()}

    def _plaintexts(
        self, seal: str, sealed_alike: Sequence[Checkpoint], on_started: Callable[[], None]
    ) -> Mapping[str, str]:
        """By ciphertext, and perhaps of others, too."""
        known = {} if self._plaintexts_by_seal is None else self._plaintexts_by_seal.setdefault(seal, {})
        ciphertexts = {each for checkpoint in sealed_alike for each in chain(*checkpoint.ciphertexts.values())}
        unknown = tuple(ciphertexts - known.keys())
        if unknown:
            exported = self._exported_opened(carrier(self._stack, sealed_alike[0], unknown), on_started)
            known.update(zip(unknown, carried(exported), strict=True))
        return known

    def _exported_opened(self, checkpoint: Checkpoint, on_started: Callable[[], None]) -> Checkpoint:
        with self.copy_of(checkpoint) as folder:
            finished = run_engine(
                self._environ,
                ["stack", "export", "--show-secrets", *self._selected],
                folder,
                _backend_in(folder),
                on_started=lambda process_id: on_started(),
            )
        if finished.exit_code != 0:
            # What it printed on its standard output may be plain text.
            unprinted = FinishedEngine(finished.exit_code, "", finished.errors)
            raise self._failure("open the secrets of a recorded version of", unprinted, ())
        return Checkpoint.parse(finished.output.encode(), source="the decrypted checkpoint")

    def config_value(self, key: str, value: ConfigValue, checkpoint: Checkpoint) -> str:
        """A value of the stack's config in plain text, in memory only; JSON where it is structured.

        Args:
            checkpoint: the one whose secrets provider the ciphertext belongs to.

        Raises:
            WrongPassphrase, EngineFailed
        """
        if not value.secret:
            return value.value
        with self.copy_of(checkpoint, {key: value}) as folder:
            finished = run_engine(self._environ, ["config", "get", key, *self._selected], folder, _backend_in(folder))
        if finished.exit_code != 0:
            unprinted = FinishedEngine(finished.exit_code, "", finished.errors)
            raise self._failure(f"open the secret config {key} of", unprinted, ())
        return finished.output.rstrip("\n")

    def refreshed(self, checkpoint: Checkpoint, urns: Sequence[str]) -> Checkpoint:
        """The checkpoint as a refresh of these resources makes it. The stack's own state isn't touched.

        Raises:
            EngineFailed, WrongPassphrase: the providers can't tell.
        """
        purpose = "ask the providers what exists of"
        quiet = ["--suppress-outputs", "--suppress-progress"]
        with self.copy_of(checkpoint) as folder:
            asked = run_engine(
                self._environ,
                ["refresh", "--yes", "--skip-preview", *self._selected, *quiet, *_targeted(urns)],
                folder,
                _backend_in(folder),
            )
            if asked.exit_code != 0:
                raise self._failure(purpose, asked, ())
            exported = run_engine(self._environ, ["stack", "export", *self._selected], folder, _backend_in(folder))
        if exported.exit_code != 0:
            raise self._failure(purpose, exported, ())
        return Checkpoint.parse(exported.output.encode(), source="the refreshed checkpoint")

    def replace_state(self, checkpoint: Checkpoint, on_event: Callable[[EngineEvent], None] = ignore_events) -> None:
        """Put the checkpoint in the place of the stack's state, under the stack's lock. Nothing in the cloud changes.

        Args:
            on_event: told that the engine runs, and nothing else.

        Raises:
            EngineLocked: another update holds the lock; nothing was changed.
            EngineFailed, WrongPassphrase: the engine doesn't take it.
        """
        with self.copy_of(checkpoint) as folder:
            file = folder / "state.json"
            latest = {**checkpoint.deployment, "resources": [resource.document for resource in checkpoint.resources]}
            file.write_text(json.dumps({**_kind(checkpoint), "deployment": latest}))
            finished = run_engine(
                self._environ,
                ["stack", "import", f"--file={file}", *self._selected],
                folder,
                {"PULUMI_BACKEND_URL": self._backend_url},
                on_started=lambda process_id: on_event(EngineStarted(process_id)),
            )
        if finished.exit_code != 0:
            raise self._failure("take over what exists into", finished, ())

    @contextmanager
    def copy_of(self, checkpoint: Checkpoint, config: Mapping[str, ConfigValue] | None = None) -> Iterator[Path]:
        """A scratch project with a file backend of its own below `state`, which holds the checkpoint."""
        with scratch_project(self._stack, config or {}, checkpoint.secrets_providers) as folder:
            state = folder / "state" / ".pulumi"
            stack_file = state / "stacks" / self._stack.project / f"{self._stack.stack}.json"
            stack_file.parent.mkdir(parents=True)
            (state / "meta.yaml").write_text("version: 1\n")
            latest = {**checkpoint.deployment, "resources": [resource.document for resource in checkpoint.resources]}
            document = {"stack": self._stack.fully_qualified, "latest": latest}
            stack_file.write_text(json.dumps({**_kind(checkpoint), "checkpoint": document}))
            yield folder

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
            raise self._failure("preview the program of", finished, ())
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
        with nullcontext() if assumed is None else self.copy_of(assumed) as copy:
            backend = {} if copy is None else _backend_in(copy)
            with self._operating("preview", purpose, program, folder, on_event, _targeted(targets), backend) as ended:
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
        arguments = ["--yes", "--skip-preview", "--message", options.message, *_targeted(options.targets)]
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
                    raise self._failure(purpose, finished, errors)

            yield ended

    def _failure(self, purpose: str, finished: FinishedEngine, errors: Sequence[Diagnostic]) -> EngineError:
        said = finished.errors.strip() or finished.output.strip()
        return engine_failure(self._stack, purpose, finished.exit_code, said, errors)


def _seal_of(checkpoint: Checkpoint) -> str:
    """What its secrets were sealed with, for comparison."""
    return json.dumps(checkpoint.secrets_providers, sort_keys=True)


def _targeted(urns: Sequence[str]) -> Sequence[str]:
    return [f"--target={urn}" for urn in urns]


def _backend_in(copy: Path) -> Mapping[str, str]:
    return {"PULUMI_BACKEND_URL": f"file://{copy / 'state'}"}


def _kind(checkpoint: Checkpoint) -> Mapping[str, Any]:
    return {key: checkpoint.envelope[key] for key in ("version", "features") if key in checkpoint.envelope}
