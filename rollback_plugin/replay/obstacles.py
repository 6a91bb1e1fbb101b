"""Whatever can be told to stand in the way of re-applying a version without asking the engine."""

from collections.abc import Iterable, Iterator, Sequence

from rollback_plugin.replay.assets import MissingAsset
from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.plan import Reason, Refusal
from rollback_plugin.replay.property_values import ENGINE_INTERNAL, path_text
from rollback_plugin.replay.recorded import RecordedResource, owner_of
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint


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
            Refusal(
                a.urn,
                path_text(a.path),
                f"{a.why}; deploy that version's program from its commit instead",
                Reason.BYTES_MISSING,
            )
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
                Reason.OTHER_STACK,
            )
            return


def _without_provider(target: Sequence[RecordedResource]) -> Iterator[Refusal]:
    known = {resource.urn for resource in target}
    for resource in target:
        if resource.custom and resource.provider_urn and resource.provider_urn not in known:
            yield Refusal(
                resource.urn,
                "",
                f"its provider {resource.provider_urn} is not in the snapshot",
                Reason.PROVIDER_UNRECORDED,
            )


def _parameterized(goal: Goal) -> Iterator[Refusal]:
    for registration in goal.registrations:
        provider = registration.resource
        if provider.is_provider and (provider.inputs.get(ENGINE_INTERNAL) or {}).get("parameterization"):
            yield Refusal(
                provider.urn,
                "",
                "it is a parameterized provider, which can't be re-applied from a snapshot yet; deploy that"
                " version's program instead",
                Reason.PROVIDER_PARAMETERIZED,
            )


def _protected(dropped: Sequence[RecordedResource]) -> Iterator[Refusal]:
    for resource in dropped:
        if resource.protect:
            yield Refusal(
                resource.urn,
                "",
                "it would be deleted and is protected; keep it (`--data keep`), or lift the protection with"
                f" `pulumi state unprotect '{resource.urn}'`",
                Reason.PROTECTED,
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
                Reason.HALF_CREATED,
            )
