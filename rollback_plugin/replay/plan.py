"""What re-applying a version would do, and why it may not be done: worked out before anything is touched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.assets import MissingAsset
from rollback_plugin.replay.data_types import holds_data
from rollback_plugin.replay.events import Diagnostic, EngineEvent, ResourceStep
from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.property_values import ENGINE_INTERNAL, path_text
from rollback_plugin.replay.recorded import STACK_TYPE, RecordedResource, owner_of
from rollback_plugin.replay.relink import Conflict
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint


class Action(StrEnum):
    """What becomes of one resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"
    """Only the current state has it, and it stays for the sake of its data or its protection."""


class Reversibility(StrEnum):
    """The plan in one word."""

    REVERSIBLE = "reversible"
    REVERSIBLE_BUT = "reversible_but"
    """It can be done, and the remarks say what it doesn't bring back."""
    ONE_WAY = "one_way"
    """It can't be done; the refusals say why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One resource's part. `properties` are paths of what differs, names only."""

    urn: str
    type: str
    action: Action
    reason: str = ""
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that stands in the way. `property` is empty where it is the resource as a whole."""

    urn: str
    property: str
    why: str

    def __str__(self) -> str:
        return f"{self.urn}{f' ({self.property})' if self.property else ''}: {self.why}"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should know, though it stops nothing."""

    urn: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    remarks: tuple[Remark, ...]

    @property
    def verdict(self) -> Reversibility:
        if self.refusals:
            return Reversibility.ONE_WAY
        return Reversibility.REVERSIBLE_BUT if self.remarks else Reversibility.REVERSIBLE


# The engine's words for steps (sdk/go/common/display/json.go and pkg/resource/deploy/step.go).
ACTION_OF_OPERATION: Mapping[str, Action] = {
    "same": Action.SAME,
    "read": Action.SAME,
    "read-replacement": Action.SAME,
    "import": Action.CREATE,
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    # Alone, without a replacement, it is what an interrupted one left behind (`delete: true` in the state).
    "delete-replaced": Action.DELETE,
    "import-replacement": Action.REPLACE,
    "discard-replaced": Action.REPLACE,
    "delete": Action.DELETE,
    "discard": Action.DELETE,
    "remove-pending-replace": Action.DELETE,
}


LEFT_OVER = "an interrupted update replaced it, and what that left behind is deleted by any next update"


def refusals_before_the_engine(
    stack: StackName,
    target: Sequence[RecordedResource],
    current: Checkpoint,
    goal: Goal,
    missing: Iterable[MissingAsset],
) -> tuple[Refusal, ...]:
    """Whatever can be told to stand in the way without asking the engine."""
    return (
        *_of_another_stack(stack, target),
        *_without_provider(target),
        *_parameterized(goal),
        *_protected(goal.dropped),
        *_half_created(current),
        *(
            Refusal(a.urn, path_text(a.path), f"{a.why}; deploy that version's program from its commit instead")
            for a in missing
        ),
    )


def _of_another_stack(stack: StackName, target: Sequence[RecordedResource]) -> Iterator[Refusal]:
    for resource in target:
        project, name = owner_of(resource.urn)
        if (project, name) != (stack.project, stack.stack):
            yield Refusal(
                resource.urn,
                "",
                f"it belongs to {project}/{name}, not to {stack}; a snapshot fits only the stack it was taken of",
            )
            return


def _without_provider(target: Sequence[RecordedResource]) -> Iterator[Refusal]:
    known = {resource.urn for resource in target}
    for resource in target:
        if resource.custom and resource.provider_urn and resource.provider_urn not in known:
            yield Refusal(resource.urn, "", f"its provider {resource.provider_urn} is not in the snapshot")


def _parameterized(goal: Goal) -> Iterator[Refusal]:
    for registration in goal.registrations:
        provider = registration.resource
        if provider.is_provider and (provider.inputs.get(ENGINE_INTERNAL) or {}).get("parameterization"):
            yield Refusal(
                provider.urn,
                "",
                "it is a parameterized provider, which can't be re-applied from a snapshot yet; deploy that"
                " version's program instead",
            )


def _protected(dropped: Sequence[RecordedResource]) -> Iterator[Refusal]:
    for resource in dropped:
        if resource.protect:
            yield Refusal(
                resource.urn,
                "",
                "it would be deleted and is protected; keep it (`--data keep`), or lift the protection with"
                f" `pulumi state unprotect '{resource.urn}'`",
            )


def _half_created(current: Checkpoint) -> Iterator[Refusal]:
    for operation in current.pending_operations:
        if operation.get("type") == "creating":
            yield Refusal(
                operation["resource"]["urn"],
                "",
                "an interrupted update was creating it, and it can't be told whether it did: its id doesn't follow from"
                " its inputs, or what has its name is not as it was being made; find out, then adopt or drop it with"
                " `pulumi refresh`",
            )


def plan_of(
    goal: Goal,
    data: DataPolicy,
    events: Sequence[EngineEvent],
    conflicts: Sequence[tuple[str, Conflict]],
    doubts: Sequence[tuple[str, Conflict]] = (),
) -> Plan:
    """Put together the plan from what the engine's preview of the replay said, and what relinking found."""
    steps = _steps(goal, events)
    refusals = [
        *(Refusal(urn, path_text(conflict.path), conflict.why) for urn, conflict in conflicts),
        *(
            Refusal(e.urn, "", e.message)
            for e in events
            if isinstance(e, Diagnostic) and e.severity == "error" and e.urn
        ),
        *(_data_lost(steps) if data is DataPolicy.KEEP else ()),
    ]
    remarks = [
        *_remarks(goal, data, steps),
        *(Remark(urn, f"{path_text(doubt.path)} stays as recorded, though it {doubt.why}") for urn, doubt in doubts),
    ]
    return Plan(steps, tuple(refusals), tuple(remarks))


def _steps(goal: Goal, events: Sequence[EngineEvent]) -> tuple[Step, ...]:
    by_urn: dict[str, Step] = {}
    registered = goal.by_urn
    for event in events:
        if not isinstance(event, ResourceStep) or event.stage != "started" or event.type == STACK_TYPE:
            continue
        action = ACTION_OF_OPERATION.get(event.operation)
        if action is None:
            continue
        known = by_urn.get(event.urn)
        if known is not None and known.action is Action.REPLACE:
            action = Action.REPLACE
        properties = event.properties or (known.properties if known else ())
        registration = registered.get(event.urn)
        if registration is not None and registration.kept and action in (Action.SAME, Action.UPDATE):
            action = Action.KEEP
        left_over = action is Action.DELETE and registration is not None
        reason = LEFT_OVER if left_over else _reason(action, properties)
        by_urn[event.urn] = Step(event.urn, event.type, action, reason, properties)
    return tuple(by_urn.values())


def _reason(action: Action, properties: Sequence[str]) -> str:
    differing = ", ".join(properties)
    match action:
        case Action.CREATE:
            return "the version has it and the stack doesn't"
        case Action.DELETE:
            return "the stack has it and the version doesn't"
        case Action.KEEP:
            return "the version doesn't have it; it stays because it holds data, is protected, or belongs to what stays"
        case Action.UPDATE:
            return f"differs in {differing}" if differing else "differs"
        case Action.REPLACE:
            return (
                f"differs in {differing}, which can't be changed in place" if differing else "can't be changed in place"
            )
    return ""


def _data_lost(steps: Sequence[Step]) -> Iterator[Refusal]:
    for step in steps:
        if step.action in (Action.REPLACE, Action.DELETE) and holds_data(step.type):
            # Of what only the current state has, data is kept: to be deleted are only left-overs of the same name.
            lost = (
                "it holds data and would be made anew, empty"
                if step.action is Action.REPLACE
                else f"{LEFT_OVER}, data included"
            )
            yield Refusal(
                step.urn,
                ", ".join(step.properties),
                f"{lost}; to accept that, ask for exactly what the version's program would do (`--data follow`)",
            )


def _remarks(goal: Goal, data: DataPolicy, steps: Sequence[Step]) -> Iterator[Remark]:
    for step in steps:
        if step.action is Action.CREATE and holds_data(step.type):
            yield Remark(step.urn, "it comes back without the data it held")
        if step.action is Action.KEEP and holds_data(step.type):
            yield Remark(step.urn, "it holds data and is kept, although the version doesn't have it")
        if data is DataPolicy.FOLLOW and step.action in (Action.REPLACE, Action.DELETE) and holds_data(step.type):
            yield Remark(step.urn, "the data it holds is lost")
    for registration in goal.registrations:
        if registration.resource.hooks:
            yield Remark(registration.resource.urn, f"its hooks don't run: {', '.join(registration.resource.hooks)}")
