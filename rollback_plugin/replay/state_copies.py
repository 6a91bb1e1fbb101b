"""What the engine is asked by way of a copy of a state: what is sealed in it, and what of it is really there.

The copy lies in a file backend made for the purpose, so that the stack's own state isn't touched, or locked, by it.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any

from rollback_plugin.replay.engine_failure import failure_of
from rollback_plugin.replay.engine_process import FinishedEngine, run_engine
from rollback_plugin.replay.scratch_project import scratch_project
from rollback_plugin.replay.sealed import carried, carrier, opened
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import ConfigValue


class StateCopies:
    """Copies of states of one stack."""

    def __init__(self, stack: StackName, environ: Mapping[str, str], *, remember_decrypted: bool = False) -> None:
        """Arguments are those of `Engine`."""
        self._stack = stack
        self._environ = environ
        self._plaintexts_by_seal: dict[str, dict[str, str]] | None = {} if remember_decrypted else None
        self._opening = threading.Lock()

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
                backend_in(folder),
                on_started=lambda process_id: on_started(),
            )
        if finished.exit_code != 0:
            # What it printed on its standard output may be plain text.
            unprinted = FinishedEngine(finished.exit_code, "", finished.errors)
            raise failure_of(self._stack, "open the secrets of a recorded version of", unprinted)
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
            finished = run_engine(self._environ, ["config", "get", key, *self._selected], folder, backend_in(folder))
        if finished.exit_code != 0:
            unprinted = FinishedEngine(finished.exit_code, "", finished.errors)
            raise failure_of(self._stack, f"open the secret config {key} of", unprinted)
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
                ["refresh", "--yes", "--skip-preview", *self._selected, *quiet, *targeted(urns)],
                folder,
                backend_in(folder),
            )
            if asked.exit_code != 0:
                raise failure_of(self._stack, purpose, asked)
            exported = run_engine(self._environ, ["stack", "export", *self._selected], folder, backend_in(folder))
        if exported.exit_code != 0:
            raise failure_of(self._stack, purpose, exported)
        return Checkpoint.parse(exported.output.encode(), source="the refreshed checkpoint")

    @contextmanager
    def copy_of(self, checkpoint: Checkpoint, config: Mapping[str, ConfigValue] | None = None) -> Iterator[Path]:
        """A scratch project with a file backend of its own below `state`, which holds the checkpoint."""
        with scratch_project(self._stack, config or {}, checkpoint.secrets_providers) as folder:
            state = folder / "state" / ".pulumi"
            stack_file = state / "stacks" / self._stack.project / f"{self._stack.stack}.json"
            stack_file.parent.mkdir(parents=True)
            (state / "meta.yaml").write_text("version: 1\n")
            document = {"stack": self._stack.fully_qualified, "latest": _latest(checkpoint)}
            stack_file.write_text(json.dumps({**_kind(checkpoint), "checkpoint": document}))
            yield folder

    @property
    def _selected(self) -> list[str]:
        return ["--stack", self._stack.fully_qualified]


def backend_in(copy: Path) -> Mapping[str, str]:
    """The variables that have the engine use the copy in that folder."""
    return {"PULUMI_BACKEND_URL": f"file://{copy / 'state'}"}


def as_exported(checkpoint: Checkpoint) -> Mapping[str, Any]:
    """The document that `pulumi stack import` takes for it."""
    return {**_kind(checkpoint), "deployment": _latest(checkpoint)}


def targeted(urns: Sequence[str]) -> Sequence[str]:
    """The arguments that confine an operation of the engine to these resources."""
    return [f"--target={urn}" for urn in urns]


def _seal_of(checkpoint: Checkpoint) -> str:
    """What its secrets were sealed with, for comparison."""
    return json.dumps(checkpoint.secrets_providers, sort_keys=True)


def _latest(checkpoint: Checkpoint) -> Mapping[str, Any]:
    return {**checkpoint.deployment, "resources": [resource.document for resource in checkpoint.resources]}


def _kind(checkpoint: Checkpoint) -> Mapping[str, Any]:
    return {key: checkpoint.envelope[key] for key in ("version", "features") if key in checkpoint.envelope}
