"""What the engine's preview means for people, and what is refused."""

import json
from typing import Any

import pytest

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.assets import MissingAsset
from rollback_plugin.replay.events import Diagnostic, EngineEvent, ResourceStep
from rollback_plugin.replay.forecast import plan_of
from rollback_plugin.replay.goal import goal_of
from rollback_plugin.replay.obstacles import refusals_before_the_engine
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Reason
from rollback_plugin.replay.property_values import UNKNOWN
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.relink import Conflict
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import QUEUE, TOPIC, resource, urn

SHOP = StackName("shop", "dev")


def step(operation: str, resource_type: str, name: str, *properties: str) -> ResourceStep:
    return ResourceStep("started", operation, urn(resource_type, name), resource_type, properties, preview=True)


def planned(
    *events: EngineEvent,
    target: list[RecordedResource] | None = None,
    current: list[RecordedResource] | None = None,
    data: DataPolicy = DataPolicy.KEEP,
    conflicts: list[tuple[str, Conflict]] | None = None,
) -> Plan:
    return plan_of(goal_of(target or [], current or [], data), data, events, conflicts or [])


@pytest.mark.parametrize(
    ("operations", "action"),
    [
        (["same"], Action.SAME),
        (["read"], Action.SAME),
        (["create"], Action.CREATE),
        (["update"], Action.UPDATE),
        (["delete"], Action.DELETE),
        (["create-replacement", "replace", "delete-replaced"], Action.REPLACE),
        (["delete-replaced", "replace", "create-replacement"], Action.REPLACE),
    ],
)
def test_the_engines_steps_become_one_action_a_resource(operations: list[str], action: Action) -> None:
    plan = planned(*(step(operation, TOPIC, "events") for operation in operations))

    assert [(found.urn, found.action) for found in plan.steps] == [(urn(TOPIC, "events"), action)]


def test_a_change_in_place_is_reversible() -> None:
    assert planned(step("update", TOPIC, "events")).verdict is Reversibility.REVERSIBLE


@pytest.mark.parametrize(
    ("operations", "gap"),
    [
        (["delete-replaced", "replace", "create-replacement"], True),
        (["create-replacement", "replace", "delete-replaced"], False),
    ],
)
def test_what_is_deleted_before_it_is_made_anew_is_down_in_between(operations: list[str], gap: bool) -> None:
    plan = planned(*(step(operation, TOPIC, "events") for operation in operations))

    assert [found.gap for found in plan.steps] == [gap]
    assert [remark.reason for remark in plan.remarks] == ([Reason.DOWNTIME] if gap else [])


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("same", DataEffect.UNTOUCHED),
        ("update", DataEffect.UNTOUCHED),
        ("create", DataEffect.EMPTY),
        ("replace", DataEffect.LOST),
        ("delete", DataEffect.LOST),
    ],
)
def test_a_step_says_what_it_does_to_data(operation: str, data: DataEffect) -> None:
    plan = planned(step(operation, QUEUE, "jobs"), step(operation, TOPIC, "events"))

    assert [found.data for found in plan.steps] == [data, DataEffect.NONE]


def test_deleting_what_is_left_in_the_cloud_loses_no_data() -> None:
    retained = resource(QUEUE, "jobs", retain_on_delete=True)

    plan = planned(step("delete", QUEUE, "jobs"), current=[retained], data=DataPolicy.FOLLOW)

    assert [found.data for found in plan.steps] == [DataEffect.UNTOUCHED]
    assert plan.verdict is Reversibility.REVERSIBLE


def test_outputs_that_only_the_update_will_tell_are_named() -> None:
    stack = resource("pulumi:pulumi:Stack", "shop-dev", custom=False, id="")
    outputs = {"url": UNKNOWN, "nested": {"arns": ["known", UNKNOWN]}, "name": "orders"}

    plan = plan_of(goal_of([stack], [], DataPolicy.KEEP), DataPolicy.KEEP, [], [], stack_outputs=outputs)

    (remark,) = plan.remarks
    assert remark.reason is Reason.NEW_OUTPUTS
    assert remark.text.endswith("haven't seen before: nested, url")


def test_a_step_names_the_properties_that_differ() -> None:
    (found,) = planned(step("update", TOPIC, "events", "displayName", "tags.team")).steps

    assert found.properties == ("displayName", "tags.team")
    assert found.reason == "differs in displayName, tags.team"


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_losing_data_is_refused(operation: str) -> None:
    plan = planned(step(operation, QUEUE, "jobs", "name"))

    assert plan.verdict is Reversibility.ONE_WAY
    assert [(refusal.urn, refusal.property) for refusal in plan.refusals] == [(urn(QUEUE, "jobs"), "name")]
    assert "--data follow" in plan.refusals[0].why


def test_losing_data_is_only_remarked_where_the_program_is_to_be_followed() -> None:
    plan = planned(step("replace", QUEUE, "jobs"), data=DataPolicy.FOLLOW)

    assert plan.verdict is Reversibility.REVERSIBLE_BUT
    assert "lost" in plan.remarks[0].text


def test_what_is_kept_is_said_to_be_kept() -> None:
    plan = planned(step("same", QUEUE, "jobs"), current=[resource(QUEUE, "jobs")])

    assert [found.action for found in plan.steps] == [Action.KEEP]
    assert plan.verdict is Reversibility.REVERSIBLE_BUT


def test_data_that_is_made_anew_is_remarked() -> None:
    plan = planned(step("create", QUEUE, "jobs"))

    assert plan.verdict is Reversibility.REVERSIBLE_BUT


def test_hooks_that_cannot_run_are_remarked() -> None:
    plan = planned(target=[resource(TOPIC, "events", hooks=("notify",))])

    assert "notify" in plan.remarks[0].text


def test_an_ambiguous_link_is_refused_by_urn_and_property() -> None:
    plan = planned(conflicts=[(urn(TOPIC, "events"), Conflict(("policy", "id"), "may be anything"))])

    assert str(plan.refusals[0]) == f"{urn(TOPIC, 'events')} (policy.id): may be anything"


def test_a_doubt_is_told_and_stops_nothing() -> None:
    doubts = [(urn(TOPIC, "events"), Conflict(("release",), "may come from elsewhere"))]

    plan = plan_of(goal_of([], [], DataPolicy.KEEP), DataPolicy.KEEP, [], [], doubts)

    assert plan.verdict is Reversibility.REVERSIBLE_BUT
    assert plan.remarks[0].text == "release stays as recorded, though it may come from elsewhere"


def test_what_the_engine_reports_of_a_resource_is_a_refusal() -> None:
    plan = planned(Diagnostic("error", "resource is protected", urn(TOPIC, "events")))

    assert plan.refusals[0].why == "resource is protected"


def checkpoint(**deployment: Any) -> Checkpoint:
    return Checkpoint.parse(json.dumps({"version": 3, "checkpoint": {"latest": deployment}}).encode())


def refusals(
    target: list[RecordedResource],
    current: list[RecordedResource] | None = None,
    *,
    data: DataPolicy = DataPolicy.KEEP,
    missing: list[MissingAsset] | None = None,
    state: Checkpoint | None = None,
) -> list[str]:
    goal = goal_of(target, current or [], data)
    found = refusals_before_the_engine(SHOP, target, state or checkpoint(), goal, missing or [])
    return [str(refusal) for refusal in found]


def test_nothing_is_refused_without_a_reason() -> None:
    assert refusals([resource(TOPIC, "events")], [resource(QUEUE, "jobs")]) == []


def test_another_stacks_snapshot_is_refused() -> None:
    foreign = RecordedResource(urn="urn:pulumi:prod::shop::aws:sns/topic:Topic::events", type=TOPIC)

    (refusal,) = refusals([foreign])

    assert "belongs to shop/prod, not to shop/dev" in refusal


def test_deleting_a_protected_resource_is_refused_with_the_way_out() -> None:
    (refusal,) = refusals([], [resource(TOPIC, "events", protect=True)], data=DataPolicy.FOLLOW)

    assert f"pulumi state unprotect '{urn(TOPIC, 'events')}'" in refusal


def test_a_provider_that_is_not_recorded_is_refused() -> None:
    provider = urn("pulumi:providers:aws", "west")

    (refusal,) = refusals([resource(TOPIC, "events", provider=f"{provider}::some-id")])

    assert provider in refusal


def test_a_parameterized_provider_is_refused() -> None:
    provider = resource("pulumi:providers:random", "tf", inputs={"__internal": {"parameterization": {"value": "e30="}}})

    (refusal,) = refusals([provider])

    assert "parameterized" in refusal


def test_bytes_that_are_gone_are_refused() -> None:
    (refusal,) = refusals([], missing=[MissingAsset(urn(TOPIC, "events"), ("code",), "the bytes are not kept")])

    assert refusal.startswith(f"{urn(TOPIC, 'events')} (code): the bytes are not kept")


def test_a_resource_that_was_half_created_is_refused() -> None:
    pending = [{"resource": {"urn": urn(QUEUE, "jobs"), "type": QUEUE}, "type": "creating"}]

    (refusal,) = refusals([], state=checkpoint(pending_operations=pending))

    assert refusal.startswith(urn(QUEUE, "jobs"))


def test_an_interrupted_change_of_a_resource_that_exists_is_no_obstacle() -> None:
    pending = [{"resource": {"urn": urn(QUEUE, "jobs"), "type": QUEUE}, "type": "updating"}]

    assert refusals([], state=checkpoint(pending_operations=pending)) == []
