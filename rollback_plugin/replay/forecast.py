"""The plan, as the engine's preview of the replay and the relinking tell it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.data_types import HoldsData, holds_data
from rollback_plugin.replay.events import Diagnostic, EngineEvent, ResourceStep
from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Reason, Refusal, Remark, Step
from rollback_plugin.replay.property_values import UNKNOWN, Value, leaves, path_text
from rollback_plugin.replay.recorded import STACK_TYPE
from rollback_plugin.replay.relink import Conflict

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


def plan_of(
    goal: Goal,
    data: DataPolicy,
    events: Sequence[EngineEvent],
    conflicts: Sequence[tuple[str, Conflict]],
    doubts: Sequence[tuple[str, Conflict]] = (),
    stack_outputs: Mapping[str, Value] | None = None,
    holds_data: HoldsData = holds_data,
) -> Plan:
    """Put together the plan from what the engine's preview of the replay said, and what relinking found.

    Args:
        stack_outputs: those the preview registered, with `UNKNOWN` where a value is not known before the update.
    """
    steps = _steps(goal, events, holds_data)
    refusals = [
        *(Refusal(urn, path_text(conflict.path), conflict.why, Reason.AMBIGUOUS_LINK) for urn, conflict in conflicts),
        *(
            Refusal(e.urn, "", e.message, Reason.ENGINE_REFUSES)
            for e in events
            if isinstance(e, Diagnostic) and e.severity == "error" and e.urn
        ),
        *(_data_lost(steps) if data is DataPolicy.KEEP else ()),
    ]
    remarks = [
        *_remarks(goal, data, steps),
        *_new_outputs(goal, stack_outputs or {}),
        *(
            Remark(urn, f"{path_text(doubt.path)} stays as recorded, though it {doubt.why}", Reason.LINK_IN_DOUBT)
            for urn, doubt in doubts
        ),
    ]
    return Plan(steps, tuple(refusals), tuple(remarks))


def _steps(goal: Goal, events: Sequence[EngineEvent], holds_data: HoldsData) -> tuple[Step, ...]:
    by_urn: dict[str, Step] = {}
    registered = goal.by_urn
    made_again: set[str] = set()
    gone_first: set[str] = set()
    for event in events:
        if not isinstance(event, ResourceStep) or event.stage != "started" or event.type == STACK_TYPE:
            continue
        action = ACTION_OF_OPERATION.get(event.operation)
        if action is None:
            continue
        if event.operation == "create-replacement":
            made_again.add(event.urn)
        elif event.operation == "delete-replaced" and event.urn not in made_again:
            gone_first.add(event.urn)
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
    retained = {resource.urn for resource in goal.dropped if resource.retain_on_delete}
    return tuple(
        replace(step, data=_effect(step, holds_data, step.urn in retained), gap=_is_missed(step, gone_first))
        for step in by_urn.values()
    )


def _is_missed(step: Step, gone_first: set[str]) -> bool:
    return step.action is Action.REPLACE and step.urn in gone_first


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


def _effect(step: Step, holds_data: HoldsData, retained: bool) -> DataEffect:
    """`retained`: the engine only forgets the resource, and leaves it in the cloud (`retainOnDelete`)."""
    if not holds_data(step.type):
        return DataEffect.NONE
    match step.action:
        case Action.CREATE:
            return DataEffect.EMPTY
        case Action.KEEP:
            return DataEffect.KEPT
        case Action.DELETE if retained:
            return DataEffect.UNTOUCHED
        case Action.REPLACE | Action.DELETE:
            return DataEffect.LOST
        case Action.SAME | Action.UPDATE:
            return DataEffect.UNTOUCHED


def _data_lost(steps: Sequence[Step]) -> Iterator[Refusal]:
    for step in steps:
        if step.data is DataEffect.LOST:
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
                Reason.DATA_LOST,
            )


def _remarks(goal: Goal, data: DataPolicy, steps: Sequence[Step]) -> Iterator[Remark]:
    for step in steps:
        if step.data is DataEffect.EMPTY:
            yield Remark(step.urn, "it comes back without the data it held", Reason.DATA_EMPTY)
        if step.data is DataEffect.KEPT:
            yield Remark(step.urn, "it holds data and is kept, although the version doesn't have it", Reason.DATA_KEPT)
        if step.data is DataEffect.LOST and data is DataPolicy.FOLLOW:
            yield Remark(step.urn, "the data it holds is lost", Reason.DATA_LOST)
        if step.gap:
            yield Remark(step.urn, "it is deleted before it is made anew: it is missing in between", Reason.DOWNTIME)
    for registration in goal.registrations:
        if registration.resource.hooks:
            yield Remark(
                registration.resource.urn,
                f"its hooks don't run: {', '.join(registration.resource.hooks)}",
                Reason.HOOKS_SKIPPED,
            )


def _new_outputs(goal: Goal, stack_outputs: Mapping[str, Value]) -> Iterator[Remark]:
    """What other stacks and people read of this one, where neither the recorded value nor the present one will do."""
    unknown = sorted(key for key, value in stack_outputs.items() if _unknown(value))
    for registration in goal.registrations if unknown else ():
        if not registration.resource.is_stack:
            continue
        yield Remark(
            registration.resource.urn,
            "these outputs get values that only the update will tell, and that consumers haven't seen before:"
            f" {', '.join(unknown)}",
            Reason.NEW_OUTPUTS,
        )


def _unknown(value: Value) -> bool:
    return any(leaf == UNKNOWN for _, leaf in leaves(value))
