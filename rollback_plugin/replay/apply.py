"""Re-applying a recorded version to its stack: prepare, plan, update, check."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.updates import ConfigValue
from rollback_plugin.errors import EngineFailed
from rollback_plugin.journal.options import DEFAULT_OPTIONS, OperationOptions
from rollback_plugin.replay.announcement import announcing, to_announce
from rollback_plugin.replay.assets import PlacedAssets, place_assets
from rollback_plugin.replay.begun_update import BegunUpdate
from rollback_plugin.replay.engine import Engine, UpdateOptions
from rollback_plugin.replay.engine_update import OperationKind, completed_update, refuse_after_others, update_message
from rollback_plugin.replay.events import Diagnostic, EngineEvent, ignore_events
from rollback_plugin.replay.known_plans import KnownPlan, KnownPlans, Question
from rollback_plugin.replay.obstacles import refusals_before_the_engine
from rollback_plugin.replay.plan import Plan, Refusal
from rollback_plugin.replay.plan_notes import remarks_on, unsettled_conflicts
from rollback_plugin.replay.plugins import PluginFolder
from rollback_plugin.replay.preconditions import Cloud, Preconditions
from rollback_plugin.replay.property_values import holds_ciphertext
from rollback_plugin.replay.recorded import STACK_TYPE
from rollback_plugin.replay.refusing import refuse_by, refuse_destroyed
from rollback_plugin.replay.scratch_project import scratch_project
from rollback_plugin.replay.worked_out import SealedStates, WorkedOut, sealed_states, work_out, work_out_unopened
from rollback_plugin.stack import StackName
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint

if TYPE_CHECKING:
    from rollback_plugin.replay.protocol import language_pb2
    from rollback_plugin.replay.registration import RegisteredResources


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is needed to run the engine, and what was found in the way so far."""

    folder: Path
    known: WorkedOut
    assets: PlacedAssets
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    question: Question
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Begun:
    """An update that the engine has begun for an operation."""

    operation: str
    question: Question
    update: BegunUpdate

    def fits(self, operation: str, known: WorkedOut, options: UpdateOptions) -> bool:
        """Whether it is the update that is to be made now."""
        asked_the_same = (self.operation, self.question) == (operation, known.question)
        return asked_the_same and self.update.options == options and not known.settled.changed


class Replay:
    """Re-applies versions of one stack."""

    def __init__(
        self,
        stack: StackName,
        engine: Engine,
        backend: Backend,
        archive: VersionArchive,
        cloud: Cloud | None = None,
        known_plans: KnownPlans | None = None,
    ) -> None:
        """
        Args:
            cloud: None where AWS isn't to be asked what a version needs of it.
            known_plans: None where every plan is to be made anew.
        """
        self._stack = stack
        self._engine = engine
        self._backend = backend
        self._archive = archive
        self._preconditions = Preconditions(PluginFolder(engine.environ), cloud)
        self._known_plans = known_plans
        self._read: SealedStates | None = None
        self._worked_out: WorkedOut | None = None
        self._planned: _Planned | None = None
        self._begun: _Begun | None = None

    def plan(self, target: int, options: OperationOptions = DEFAULT_OPTIONS) -> Plan:
        """What re-applying version `target` would do. Nothing is changed and no lock is taken.

        Raises:
            UnknownVersion, DamagedSnapshot: the version can't be read.
            NotReplayable: the version is a destroyed stack.
            WrongPassphrase, EngineFailed: the engine can't tell.
        """
        with self._prepared(self._known(self._question(target, options))) as prepared:
            return self._plan(prepared)

    def apply(
        self,
        target: int,
        operation: str,
        kind: OperationKind,
        options: OperationOptions = DEFAULT_OPTIONS,
        on_event: Callable[[EngineEvent], None] = ignore_events,
        after: str | None = None,
    ) -> str:
        """Make the stack what version `target` was; return the backend's name of the update that did.

        Running it again after any failure or crash goes on from there. Until the plan has been found free of refusals
        and the engine holds the stack's lock, nothing is touched.

        Args:
            operation: id under which the journal knows this; it stands in the backend's history as the update's
                message.
            on_event: called from another thread, one event at a time.
            after: the update that was the stack's newest when this was decided on; None where it doesn't matter.

        Raises:
            NotReplayable: the plan refuses; the message lists what stands in the way.
            UnknownVersion, DamagedSnapshot: the version can't be read.
            EngineLocked: another update is going on.
            EngineFailed, WrongPassphrase: the engine reported failure, or another update ended after `after`.
        """
        with ExitStack() as beginning:
            if not self.has_begun(operation):
                beginning.enter_context(self.begun(target, operation, kind, options))
            return self._apply(self._question(target, options), operation, kind, on_event, after)

    @contextmanager
    def begun(
        self, target: int, operation: str, kind: OperationKind, options: OperationOptions = DEFAULT_OPTIONS
    ) -> Iterator[None]:
        """Where the plan is known, and nothing that can be seen without opening secrets is in its way, have the engine
        begin the update that `apply` carries on with. Nothing is touched; an update that wasn't carried on with ends
        with the block.

        Arguments are those of `apply`. Raises `UnknownVersion`, `DamagedSnapshot`, `NotReplayable`, `EngineNotFound`.
        """
        question = self._question(target, options)
        known = None if self._known_plans is None else self._known_plans.find(question)
        if known is None:
            yield
            return
        sealed = sealed_states(self._stack, self._archive, question)
        unopened = work_out_unopened(self._stack, self._archive, sealed, self._newest_config)
        if unopened is None:
            yield
            return
        self._planned = _Planned(question, known.plan)
        with ExitStack() as resources:
            prepared = resources.enter_context(self._prepared(unopened))
            if not prepared.refusals and not self._preconditions.asks_the_cloud(known.plan, unopened.goal):
                message = update_message(operation, kind, target)
                update_options = _update_options(message, known.plan, known.targets, unopened)
                update = resources.enter_context(BegunUpdate.begin(self._engine, prepared.folder, update_options))
                self._begun = _Begun(operation, question, update)
            self._read = sealed
            try:
                yield
            finally:
                self._begun = self._read = None

    def has_begun(self, operation: str) -> bool:
        """Whether the engine is at work already on the update of that operation."""
        return self._begun is not None and self._begun.operation == operation

    def _apply(
        self,
        question: Question,
        operation: str,
        kind: OperationKind,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        target, options = question.version.number, question.options
        begun, self._begun = self._begun, None
        with ExitStack() as resources:
            if begun is not None:
                # It holds the stack's lock, which whoever is asked next, or another update, would wait for.
                resources.callback(begun.update.give_up)
            prepared = resources.enter_context(self._prepared(self._known(question)))
            plan = self._plan(prepared)
            refuse_by(plan, self._stack, target)
            program, known = _program_of(prepared), prepared.known
            message = update_message(operation, kind, target)
            update_options = _update_options(message, plan, known.scope.targets, known)
            if begun is not None and not begun.fits(operation, known, update_options):
                begun.update.give_up()
                # The engine wrote the state anew when it ended.
                return self._apply(self._question(target, options), operation, kind, on_event, after)
            planned_for = self._take_over_what_exists(prepared, on_event)

            def guarded(request: "language_pb2.RunRequest") -> None:
                # The engine holds the lock now: what the plan was made from can't change any more, but may have until
                # here.
                self._refuse_other_state(planned_for)
                refuse_after_others(self._backend, self._stack, operation, after)
                if update_options.announced:
                    self._backend.replace_current(self._stack, announcing(planned_for, update_options.announced))
                program(request)

            if begun is not None:
                begun.update.carry_on(guarded, on_event)
            else:
                self._engine.update(guarded, prepared.folder, on_event, update_options)
            self._check_outputs(program, target)
        return completed_update(self._backend, self._stack, operation)

    def _question(self, target: int, options: OperationOptions) -> Question:
        version = self._archive.read(target)
        refuse_destroyed(version)
        return Question(version, options, self._backend.current(self._stack))

    @contextmanager
    def _prepared(self, known: WorkedOut) -> Iterator[_Prepared]:
        version, state = known.question.version, known.settled.state
        with scratch_project(self._stack, version.config, state.secrets_providers) as folder:
            assets, missing = place_assets(
                [registration.resource for registration in known.goal.registrations],
                {resource.urn: resource for resource in known.existing},
                self._archive.blobs,
                folder,
            )
            refusals = (
                *refusals_before_the_engine(self._stack, known.merged.resources, state, known.goal, missing),
                *unsettled_conflicts(known),
                *known.refusals,
                *self._preconditions.before_the_engine(known.goal),
            )
            yield _Prepared(folder, known, assets, refusals)

    def _known(self, question: Question) -> WorkedOut:
        """The plan and the update ask the same. It has secrets in plain text, so only a process that keeps those in
        memory anyway remembers the answer."""
        if self._worked_out is not None and self._worked_out.question == question:
            return self._worked_out
        read = self._read
        if read is None or read.question != question:
            read = sealed_states(self._stack, self._archive, question)
        found = work_out(self._stack, self._engine.copies, self._archive, read, self._newest_config)
        if self._engine.copies.remembers_decrypted:
            self._worked_out = found
        return found

    def _newest_config(self) -> Mapping[str, ConfigValue]:
        updates = self._backend.updates(self._stack)
        return updates[-1].config if updates else {}

    def _plan(self, prepared: _Prepared) -> Plan:
        """The plan. What the engine said before still holds where the same is asked of the same state, unless it
        refused: that may have been put right. What is needed from outside is looked for each time."""
        if prepared.refusals:
            return Plan((), prepared.refusals, ())
        question = prepared.known.question
        last = self._planned
        if last is None or last.question != question or last.plan.refusals:
            last = _Planned(question, self._known_or_previewed(question, prepared))
            self._planned = last
        updates = self._backend.updates(self._stack)
        return self._preconditions.completed(last.plan, prepared.known.goal, prepared.assets, updates)

    def _known_or_previewed(self, question: Question, prepared: _Prepared) -> Plan:
        # What became of pending operations is not in the state that was asked about.
        known = None if prepared.known.settled.changed else self._known_plans
        found = known.find(question) if known else None
        if found is not None:
            return found.plan
        plan = self._previewed(prepared)
        if known:
            known.keep(question, KnownPlan(plan, prepared.known.scope.targets))
        return plan

    def _previewed(self, prepared: _Prepared) -> Plan:
        # Imported late: a plan that is known isn't made.
        from rollback_plugin.replay.forecast import plan_of

        program = _program_of(prepared)
        known, events = prepared.known, list[EngineEvent]()
        goal, settled, options = known.goal, known.settled, known.question.options
        try:
            assumed = settled.state if settled.changed else None
            self._engine.preview(program, prepared.folder, events.append, assumed, known.scope.targets)
        except EngineFailed:
            if missing := self._preconditions.missing_plugins(goal):
                return Plan((), missing, ())
            # Where the engine names the resource, it is a refusal like any other.
            if not any(isinstance(event, Diagnostic) and event.severity == "error" and event.urn for event in events):
                raise
        plan = plan_of(
            goal,
            options.data,
            events,
            program.conflicts,
            program.doubts,
            program.stack_outputs,
            known.holds_data,
        )
        return replace(plan, remarks=(*remarks_on(self._stack, known), *plan.remarks))

    def _take_over_what_exists(self, prepared: _Prepared, on_event: Callable[[EngineEvent], None]) -> bytes:
        """Write what became of pending operations into the stack's state; return the state that the plan is for."""
        settled, current = prepared.known.settled, prepared.known.question.current
        if not settled.changed:
            return current
        self._refuse_other_state(current)
        self._engine.replace_state(settled.state, on_event)
        return self._backend.current(self._stack)

    def _refuse_other_state(self, planned_for: bytes) -> None:
        if self._backend.current(self._stack) != planned_for:
            raise EngineFailed(
                f"The stack {self._stack} was changed by somebody else while its way back was worked out."
                " Nothing was touched; run the same command again."
            )

    def _check_outputs(self, program: "RegisteredResources", target: int) -> None:
        """The stack's outputs are what its consumers read: they have to be what was registered. Secret ones are known
        by name only."""
        checkpoint = Checkpoint.parse(
            self._backend.current(self._stack), source=f"the backend's state of {self._stack}"
        )
        stacks = [resource for resource in checkpoint.resources if resource.type == STACK_TYPE]
        found = (stacks[0].outputs or {}) if stacks else {}
        expected = program.stack_outputs
        differing = {key for key in found.keys() | expected.keys() if (key in found) != (key in expected)}
        differing |= {
            k for k in found.keys() & expected.keys() if not holds_ciphertext(found[k]) and found[k] != expected[k]
        }
        if differing:
            raise EngineFailed(
                f"Version {target} of {self._stack} was re-applied, but the stack's outputs"
                f" {', '.join(sorted(differing))} are not what they should be. Compare `pulumi stack output` with what"
                " its consumers expect, and run the same command again."
            )


def _update_options(message: str, plan: Plan, targets: tuple[str, ...], known: WorkedOut) -> UpdateOptions:
    return UpdateOptions(message, targets, to_announce(plan, known.settled.state))


def _program_of(prepared: _Prepared) -> "RegisteredResources":
    # Imported late, as most commands run no engine.
    from rollback_plugin.replay.registration import RegisteredResources

    known = prepared.known
    return RegisteredResources(known.goal, known.scope, prepared.assets.place, known.links)
