"""Re-applying a version by running its recorded program again: lay out, plan by its own preview, update."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.project import Project
from rollback_plugin.errors import DamagedSnapshot, EngineFailed
from rollback_plugin.journal.options import DEFAULT_OPTIONS, DataPolicy, OperationOptions
from rollback_plugin.journal.own_run import OPERATION_VARIABLE, PLANNING
from rollback_plugin.replay.data_types import HoldsData, holds_data
from rollback_plugin.replay.engine import Engine, ProgramInFolder, UpdateOptions
from rollback_plugin.replay.engine_update import OperationKind, completed_update, refuse_after_others, update_message
from rollback_plugin.replay.events import Diagnostic, EngineEvent, ignore_events
from rollback_plugin.replay.forecast import plan_of
from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.pending import Settled, read_pending_updates
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Reason, Refusal, Remark
from rollback_plugin.replay.plan_notes import remarks_on_interrupted
from rollback_plugin.replay.recorded_config import config_of_other_keys, data_types, holds_secrets
from rollback_plugin.replay.refusing import refuse_by, refuse_destroyed
from rollback_plugin.replay.source.checkout import lay_out
from rollback_plugin.replay.source.environment import install
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.replay.source.recipe import Locked, recipe
from rollback_plugin.replay.source.scratch_program import open_program, use_environment, write_config
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import Version

NOTHING_REGISTERED = Goal((), ())
"""A program says itself what it registers."""
MISSING = {"source": Reason.SOURCE_MISSING, "environment": Reason.ENVIRONMENT_MISSING}
DATA_LOST = {
    Action.DELETE: "it holds data and would be deleted, because the version's program doesn't know it; re-apply the"
    " snapshot, which keeps it (`--strategy snapshot`), or accept the loss (`--data follow`)",
    Action.REPLACE: "it holds data and would be made anew, empty; to accept that, say `--data follow`",
}


@dataclass(frozen=True, slots=True)
class _Question:
    target: int
    options: OperationOptions
    current: bytes


@dataclass(frozen=True, slots=True)
class _Planned:
    question: _Question
    plan: Plan


@dataclass(frozen=True, slots=True)
class _LaidOut:
    folder: Path
    """Of its Pulumi.yaml, ready for the engine unless something stands in the way."""
    refusals: tuple[Refusal, ...]
    remarks: tuple[Remark, ...]
    holds_data: HoldsData = holds_data
    read: Checkpoint | None = None
    """The state with what an interrupted update was changing as it was found; None where there was none."""


class SourceReplay:
    """Runs the programs of one stack's versions again."""

    def __init__(
        self, project: Project, engine: Engine, backend: Backend, archive: VersionArchive, environ: Mapping[str, str]
    ) -> None:
        """
        Args:
            project: on this machine; its folder may lie in a clone that has the commits. It is only read.
            environ: for git and the tools that install packages, besides what the engine has.
        """
        self._project = project
        self._stack = project.stack
        self._engine = engine
        self._backend = backend
        self._archive = archive
        self._environ = environ
        self._planned: _Planned | None = None

    def plan(self, target: int, options: OperationOptions = DEFAULT_OPTIONS) -> Plan:
        """What running version `target`'s program would do, by its own preview. Nothing is changed.

        Raises:
            UnknownVersion, DamagedSnapshot: the version can't be read.
            NotReplayable: the version is a destroyed stack.
            WrongPassphrase: the program's config can't be opened.
        """
        question = _Question(target, options, self._backend.current(self._stack))
        if self._planned is not None and self._planned.question == question:
            return self._planned.plan
        with self._laid_out(question) as laid_out:
            return self._plan(laid_out, question)

    def apply(
        self,
        target: int,
        operation: str,
        kind: OperationKind,
        options: OperationOptions = DEFAULT_OPTIONS,
        on_event: Callable[[EngineEvent], None] = ignore_events,
        after: str | None = None,
    ) -> str:
        """Make the stack what version `target`'s program makes of it; otherwise like `Replay.apply`.

        Nothing of ours runs while the engine holds the stack's lock, so an update that somebody else ends between the
        plan and the lock is not noticed: the program then runs over that, as any `pulumi up` would.
        """
        question = _Question(target, options, self._backend.current(self._stack))
        with self._laid_out(question) as laid_out:
            refuse_by(self._plan(laid_out, question), self._stack, target)
            if self._backend.current(self._stack) != question.current:
                raise EngineFailed(
                    f"The stack {self._stack} was changed by somebody else while its way back was worked out. Nothing"
                    " was touched; run the same command again."
                )
            refuse_after_others(self._backend, self._stack, operation, after)
            if laid_out.read is not None:
                self._engine.replace_state(laid_out.read, on_event)
            self._engine.update(
                ProgramInFolder({OPERATION_VARIABLE: operation}),
                laid_out.folder,
                on_event,
                UpdateOptions(update_message(operation, kind, target)),
            )
        return completed_update(self._backend, self._stack, operation)

    @contextmanager
    def _laid_out(self, question: _Question) -> Iterator[_LaidOut]:
        version = self._archive.read(question.target)
        refuse_destroyed(version)
        current = Checkpoint.parse(question.current, source=f"the backend's state of {self._stack}")
        with TemporaryDirectory(prefix="rollback-plugin-") as created:
            scratch = Path(created).resolve()
            updates = self._backend.updates(self._stack)
            is_data, misconfigured = data_types(version, updates[-1].config if updates else {})
            refusals = (*self._refusals(version, current, question.options), *misconfigured)
            if refusals:
                yield _LaidOut(scratch, refusals, ())
                return
            try:
                laid_out = self._made_ready(version, current, scratch)
            except CannotRerun as obstacle:
                refusal = Refusal(self._stack.root_urn, obstacle.part, obstacle.why, MISSING[obstacle.part])
                laid_out = _LaidOut(scratch, (refusal,), ())
            yield replace(laid_out, holds_data=is_data)

    def _refusals(self, version: Version, current: Checkpoint, options: OperationOptions) -> Iterator[Refusal]:
        """Whatever can be told to stand in the way without the program."""
        if options.keeping is not None:
            yield Refusal(
                self._stack.root_urn,
                "program",
                f"version {options.keeping.version} was deployed since its rollback, and a program can't keep what it"
                " doesn't know; recover from the snapshot (`--strategy snapshot`), or deploy a program that has both",
            )
        for operation in current.pending_operations:
            if operation.get("type") == "creating":
                yield Refusal(
                    operation["resource"]["urn"],
                    "",
                    "an interrupted update was creating it, and running a program would make it a second time; adopt or"
                    " drop it first with `pulumi refresh`",
                    Reason.HALF_CREATED,
                )
        if version.stack != self._stack:
            why = f"the version belongs to {version.stack}, not to this stack"
            yield Refusal(self._stack.root_urn, "source", why, Reason.OTHER_STACK)
        if holds_secrets(version):
            try:
                recorded = self._archive.checkpoint(version.number)
            except DamagedSnapshot as damaged:
                why = f"which key its secret config was encrypted with can't be told: {str(damaged).rstrip('.')}"
                yield Refusal(self._stack.root_urn, "config", why, Reason.CONFIG_UNREADABLE)
            else:
                yield from config_of_other_keys(self._stack, version, recorded, current)

    def _made_ready(self, version: Version, current: Checkpoint, scratch: Path) -> _LaidOut:
        """Raises `CannotRerun`."""
        files = scratch / "program"
        files.mkdir()
        checkout = lay_out(version.source, self._archive.blobs, self._project.root, files, self._environ)
        program = open_program(checkout, self._project, self._environ)
        write_config(program, version, self._project, current.secrets_providers)
        remarks = list(checkout.remarks)
        chosen = recipe(checkout, program.runtime_options, self._project.root)
        if isinstance(chosen, Locked):
            use_environment(program, install(chosen, checkout, scratch, self._environ))
        else:
            if chosen.virtualenv is not None:
                use_environment(program, chosen.virtualenv)
            remarks.append(
                "no lock file or requirements.txt came with its program: it runs with the packages that"
                f" {chosen.virtualenv or 'the Python interpreter'} has on this machine now"
            )
        if not version.succeeded:
            remarks.append("the version's own update failed, and its program may fail again")
        settled = read_pending_updates(Settled(current), self._engine.copies)
        return _LaidOut(
            program.root,
            (),
            (*(Remark(self._stack.root_urn, remark) for remark in remarks), *remarks_on_interrupted(settled)),
            read=settled.state if settled.changed else None,
        )

    def _plan(self, laid_out: _LaidOut, question: _Question) -> Plan:
        """The plan; the one made last still holds where the same is asked of the same state and nothing is in the way.
        What was in the way may have been put right."""
        if laid_out.refusals:
            return Plan((), laid_out.refusals, ())
        if self._planned is not None and self._planned.question == question:
            return self._planned.plan
        plan = self._previewed(laid_out, question)
        self._planned = None if plan.refusals else _Planned(question, plan)
        return plan

    def _previewed(self, laid_out: _LaidOut, question: _Question) -> Plan:
        events: list[EngineEvent] = []
        try:
            program = ProgramInFolder({OPERATION_VARIABLE: PLANNING})
            self._engine.preview(program, laid_out.folder, events.append, laid_out.read)
        except EngineFailed as failure:
            errors = [event for event in events if isinstance(event, Diagnostic) and event.severity == "error"]
            # Where the engine names the resource, that is the refusal.
            if not any(error.urn for error in errors):
                said = [_last_line(error.message) for error in errors] or [str(failure).rstrip(".")]
                why = f"its own preview fails: {' / '.join(said)}"
                refusal = Refusal(self._stack.root_urn, "program", why, Reason.PROGRAM_FAILS)
                return Plan((), (refusal,), laid_out.remarks)
        # What a program does to data is for the policy to accept or not; it can't be told to keep any.
        plan = plan_of(NOTHING_REGISTERED, DataPolicy.FOLLOW, events, (), holds_data=laid_out.holds_data)
        if question.options.data is DataPolicy.KEEP:
            plan = _keeping_data(plan)
        return replace(plan, remarks=(*laid_out.remarks, *plan.remarks))


def _keeping_data(plan: Plan) -> Plan:
    """The plan, refused for every resource whose data running the program would lose."""
    lost = {
        step.urn: Refusal(step.urn, ", ".join(step.properties), DATA_LOST[step.action], Reason.DATA_LOST)
        for step in plan.steps
        if step.data is DataEffect.LOST
    }
    remarks = tuple(remark for remark in plan.remarks if remark.urn not in lost)
    return replace(plan, refusals=(*plan.refusals, *lost.values()), remarks=remarks)


def _last_line(message: str) -> str:
    """Of a Python traceback, what it comes to."""
    return (message.strip().splitlines() or [""])[-1].strip().rstrip(".")
