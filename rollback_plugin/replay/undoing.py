"""Whether a deploy that hasn't happened could be undone: judged from its preview, before anything is lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.data_types import HoldsData, holds_data
from rollback_plugin.replay.deploy_preview import DeployPreview, PreviewedStep
from rollback_plugin.replay.forecast import ACTION_OF_OPERATION
from rollback_plugin.replay.plan import Action, DataEffect, Reason, Refusal, Remark, Step
from rollback_plugin.replay.property_values import ENGINE_INTERNAL
from rollback_plugin.replay.recorded import PROVIDER_TYPE_PREFIX, STACK_TYPE, owner_of, type_of
from rollback_plugin.stack import StackName
from rollback_plugin.versions.assets import asset_references
from rollback_plugin.versions.checkpoint import Checkpoint, Resource

IsKept = Callable[[str], bool]
"""Whether the bytes of an asset with this hash are in the store."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What the deploy would do, and what would then keep it from being undone."""

    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    remarks: tuple[Remark, ...]

    @property
    def verdict(self) -> Reversibility:
        if self.refusals:
            return Reversibility.ONE_WAY
        return Reversibility.REVERSIBLE_BUT if self.remarks else Reversibility.REVERSIBLE


def undoing_of(
    preview: DeployPreview,
    source: str,
    stack: StackName,
    current: Checkpoint,
    is_kept: IsKept,
    holds_data: HoldsData = holds_data,
) -> Undoing:
    """Judge the deploy by what the stack is now (`current`, secrets encrypted): that is what undoing would bring back.

    Args:
        source: what the preview is called in errors.

    Raises `InvalidConfiguration` for another stack's preview, and `EngineFailed` for one that broke off for any other
    reason than a protected resource.
    """
    for step in preview.steps:
        if owner_of(step.urn) != (stack.project, stack.stack):
            raise InvalidConfiguration(
                f"{source} is about {'/'.join(owner_of(step.urn))}, not about {stack}. Preview the stack that is meant:"
                f" pulumi preview --json --stack {stack.stack}."
            )
    present = current.by_urn
    protected = [urn for urn in preview.errors if urn in present and present[urn].protect]
    if not protected:
        preview.require_complete(source)
    steps = [
        (step, _step(step, action, holds_data))
        for step in preview.steps
        if step.type != STACK_TYPE and (action := ACTION_OF_OPERATION.get(step.op))
    ]
    refusals = [
        *_not_replayable(current),
        *(_removes_protected(urn) for urn in protected),
        *(refusal for previewed, step in steps for refusal in _lost(previewed, step, present.get(step.urn), is_kept)),
    ]
    remarks = [remark for previewed, step in steps for remark in _remarks(previewed, step)]
    if not present:
        remarks.append(Remark("", "the stack has nothing yet: there is no version to go back to", Reason.NOTE))
    return Undoing(tuple(step for _, step in steps), tuple(dict.fromkeys(refusals)), tuple(remarks))


def _step(step: PreviewedStep, action: Action, holds_data: HoldsData) -> Step:
    resource_type = step.type or type_of(step.urn)
    effect = DataEffect.NONE
    if holds_data(resource_type):
        retained = step.old_state is not None and step.old_state.retain_on_delete
        lost = action is Action.REPLACE or (action is Action.DELETE and not retained)
        effect = DataEffect.LOST if lost else DataEffect.UNTOUCHED
    return Step(step.urn, resource_type, action, properties=step.properties, data=effect)


def _not_replayable(current: Checkpoint) -> Iterator[Refusal]:
    """What keeps the present state from being re-applied, whatever is deployed."""
    for resource in current.resources:
        internal = (resource.inputs or {}).get(ENGINE_INTERNAL) or {}
        if resource.type.startswith(PROVIDER_TYPE_PREFIX) and internal.get("parameterization"):
            yield Refusal(
                resource.urn,
                "",
                "it is a parameterized provider, which can't be re-applied from a snapshot yet",
                Reason.PROVIDER_PARAMETERIZED,
            )


def _removes_protected(urn: str) -> Refusal:
    return Refusal(
        urn,
        "",
        "it is protected, and this deploy would delete it; the engine refuses the deploy. Keep it in the program, or"
        f" lift the protection with `pulumi state unprotect '{urn}'`",
        Reason.PROTECTED,
    )


def _lost(previewed: PreviewedStep, step: Step, present: Resource | None, is_kept: IsKept) -> Iterator[Refusal]:
    """What the deploy would take away for good."""
    if step.data is DataEffect.LOST:
        done = "replace" if step.action is Action.REPLACE else "delete"
        yield Refusal(
            step.urn,
            ", ".join(step.properties),
            f"it holds data, and this deploy would {done} it: undoing makes it anew, empty. Protect it (`protect`),"
            " keep it in the program, or copy its data first",
            Reason.DATA_LOST,
        )
    if present is not None and step.action in (Action.UPDATE, Action.REPLACE, Action.DELETE):
        yield from _bytes_lost(previewed, step, present, is_kept)


def _bytes_lost(previewed: PreviewedStep, step: Step, present: Resource, is_kept: IsKept) -> Iterator[Refusal]:
    after = previewed.new_state.inputs if previewed.new_state and step.action is Action.UPDATE else {}
    stays = {(found.property_path, found.hash) for found in asset_references(step.urn, after)}
    for asset in asset_references(step.urn, present.inputs or {}):
        if asset.needs_bytes and (asset.property_path, asset.hash) not in stays and not is_kept(asset.hash):
            yield Refusal(
                step.urn,
                asset.property_text,
                f"the bytes it has now{f' ({asset.path})' if asset.path else ''} aren't kept in the store, so undoing"
                " couldn't bring them back. Call rollback_plugin.track() at the start of the program and deploy it as"
                " it is once more, or run `rollback record` where its files still are what was deployed",
                Reason.BYTES_MISSING,
            )


def _remarks(previewed: PreviewedStep, step: Step) -> Iterator[Remark]:
    protects = previewed.new_state is not None and previewed.new_state.protect
    if step.action is Action.CREATE and (step.data is not DataEffect.NONE or protects):
        ground = "is protected" if protects else "holds data"
        yield Remark(step.urn, f"undoing keeps it, as it {ground}", Reason.DATA_KEPT)
    if step.action is Action.REPLACE and step.data is DataEffect.NONE:
        yield Remark(
            step.urn,
            f"it is replaced ({', '.join(step.properties)}), and again when that is undone: its id changes both times",
            Reason.REPLACED,
        )
    if step.action is Action.DELETE and step.data is DataEffect.UNTOUCHED:
        yield Remark(
            step.urn,
            "it holds data and is left in the cloud (retainOnDelete); undoing makes a second one, empty",
            Reason.DATA_EMPTY,
        )
