"""Whether a deploy could be undone, judged from its preview before it happens."""

import json
from typing import Any

import pytest

from rollback_plugin.errors import EngineFailed, InvalidConfiguration
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.deploy_preview import read_preview
from rollback_plugin.replay.plan import Action, DataEffect, Reason
from rollback_plugin.replay.property_values import ASSET, SIGNATURE
from rollback_plugin.replay.undoing import Undoing, undoing_of
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import QUEUE, STACK, TOPIC, urn

SHOP = StackName("shop", "dev")
PAGE = "aws:s3/bucketObjectv2:BucketObjectv2"
ROOT = {"urn": STACK, "type": "pulumi:pulumi:Stack"}
SOURCE = "preview.json"


def state(resource_type: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": urn(resource_type, name), "type": resource_type, "custom": True, "id": name, **fields}


def step(op: str, before: dict[str, Any] | None, after: dict[str, Any] | None, *differing: str) -> dict[str, Any]:
    return {
        "op": op,
        "urn": (after or before or {})["urn"],
        "oldState": before,
        "newState": after,
        "detailedDiff": {name: {"kind": "update", "inputDiff": False} for name in differing} or None,
    }


def document(*steps: dict[str, Any], errors: dict[str, str] | None = None) -> bytes:
    diagnostics = [{"urn": at, "message": text, "severity": "error"} for at, text in (errors or {}).items()]
    return json.dumps({"steps": steps, "diagnostics": diagnostics, "duration": 12}).encode()


def judged(
    *steps: dict[str, Any],
    present: list[dict[str, Any]] | None = None,
    kept: frozenset[str] = frozenset(),
    errors: dict[str, str] | None = None,
) -> Undoing:
    resources = [ROOT] if present is None else present
    current = Checkpoint.from_document({"version": 3, "deployment": {"resources": resources}})
    preview = read_preview(document(*steps, errors=errors), SOURCE)
    return undoing_of(preview, SOURCE, SHOP, current, kept.__contains__)


def page(digest: str) -> dict[str, Any]:
    return state(PAGE, "page", inputs={"source": {SIGNATURE: ASSET, "hash": digest, "path": "page.html"}})


def test_changes_in_place_and_new_resources_can_be_undone() -> None:
    undoing = judged(
        step("update", state(TOPIC, "events"), state(TOPIC, "events"), "displayName"),
        step("create", None, state(TOPIC, "more")),
        step("delete", state(TOPIC, "old"), None),
    )

    assert undoing.verdict is Reversibility.REVERSIBLE
    assert [each.action for each in undoing.steps] == [Action.UPDATE, Action.CREATE, Action.DELETE]
    assert undoing.steps[0].properties == ("displayName",)


@pytest.mark.parametrize(
    ("op", "after", "says"),
    [("delete", None, "would delete it"), ("replace", state(QUEUE, "jobs"), "would replace it")],
)
def test_losing_data_is_one_way(op: str, after: dict[str, Any] | None, says: str) -> None:
    undoing = judged(step(op, state(QUEUE, "jobs"), after, "name"))

    (refusal,) = undoing.refusals
    assert undoing.verdict is Reversibility.ONE_WAY
    assert (refusal.urn, refusal.property, refusal.reason) == (urn(QUEUE, "jobs"), "name", Reason.DATA_LOST)
    assert says in refusal.why


def test_data_that_is_left_in_the_cloud_is_not_lost() -> None:
    undoing = judged(step("delete", state(QUEUE, "jobs", retainOnDelete=True), None))

    assert undoing.verdict is Reversibility.REVERSIBLE_BUT
    assert [(each.data, each.action) for each in undoing.steps] == [(DataEffect.UNTOUCHED, Action.DELETE)]
    assert undoing.remarks[0].reason is Reason.DATA_EMPTY


@pytest.mark.parametrize("made", [state(QUEUE, "jobs"), state(TOPIC, "events", protect=True)])
def test_what_undoing_would_keep_is_said(made: dict[str, Any]) -> None:
    undoing = judged(step("create", None, made))

    assert undoing.verdict is Reversibility.REVERSIBLE_BUT
    assert [(remark.urn, remark.reason) for remark in undoing.remarks] == [(made["urn"], Reason.DATA_KEPT)]


def test_a_replacement_changes_ids_both_times() -> None:
    undoing = judged(step("replace", state(TOPIC, "events"), state(TOPIC, "events"), "name"))

    assert [remark.reason for remark in undoing.remarks] == [Reason.REPLACED]


@pytest.mark.parametrize(
    ("op", "after"), [("update", page("new")), ("replace", page("new")), ("replace", page("old")), ("delete", None)]
)
def test_bytes_that_nobody_kept_are_lost_with_the_deploy(op: str, after: dict[str, Any] | None) -> None:
    change = step(op, page("old"), after, "source")

    (refusal,) = judged(change, present=[ROOT, page("old")]).refusals

    assert (refusal.urn, refusal.property, refusal.reason) == (urn(PAGE, "page"), "source", Reason.BYTES_MISSING)
    assert "track()" in refusal.why
    assert judged(change, present=[ROOT, page("old")], kept=frozenset({"old"})).refusals == ()


def test_bytes_that_stay_are_not_missed() -> None:
    assert judged(step("update", page("old"), page("old"), "key"), present=[ROOT, page("old")]).refusals == ()


def test_a_protected_resource_that_would_go_is_one_way_although_the_preview_broke_off() -> None:
    guarded = state(TOPIC, "events", protect=True)

    undoing = judged(errors={guarded["urn"]: "cannot be deleted", "": "preview failed"}, present=[ROOT, guarded])

    assert [(refusal.urn, refusal.reason) for refusal in undoing.refusals] == [(guarded["urn"], Reason.PROTECTED)]


def test_a_preview_that_broke_off_is_not_judged() -> None:
    with pytest.raises(EngineFailed, match=r"preview\.json ended with an error.*no such region"):
        judged(errors={urn(TOPIC, "events"): "no such\nregion"})


def test_what_cannot_be_re_applied_anyway_cannot_be_undone() -> None:
    provider = state("pulumi:providers:tf", "tf", inputs={"__internal": {"parameterization": {"value": "e30="}}})

    assert [refusal.reason for refusal in judged(present=[ROOT, provider]).refusals] == [Reason.PROVIDER_PARAMETERIZED]


def test_a_first_deploy_has_nothing_to_go_back_to_and_passes() -> None:
    undoing = judged(step("create", None, state(TOPIC, "events")), present=[])

    assert undoing.verdict is Reversibility.REVERSIBLE_BUT


def test_another_stacks_preview_is_refused() -> None:
    foreign = {"op": "create", "urn": "urn:pulumi:prod::shop::aws:sns/topic:Topic::events"}

    with pytest.raises(InvalidConfiguration, match="is about shop/prod, not about shop/dev"):
        judged(foreign)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Previewing update (dev):",
        b"[]",
        b"{}",
        b'{"steps": [{"op": "create", "password": "hunter2"}], "duration": 1}',
        b'{"steps": "hunter2", "duration": 1}',
        b'{"steps": [{"op": "create", "urn": "hunter2"}], "duration": 1}',
        b'{"sequence": 0}\n{"sequence": 1}',
    ],
)
def test_what_is_no_preview_is_refused_with_how_to_make_one(data: bytes) -> None:
    with pytest.raises(
        InvalidConfiguration, match=r"preview\.json is not what `pulumi preview --json` prints"
    ) as refusal:
        read_preview(data, SOURCE)

    assert "pulumi preview --json > preview.json" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_preview_in_a_log_or_a_trace_shows_no_value() -> None:
    state = b'{"type": "aws:sqs/queue:Queue", "inputs": {"password": "hunter2"}}'
    step = b'{"op": "update", "urn": "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs", "newState": ' + state + b"}"
    preview = read_preview(b'{"steps": [' + step + b'], "duration": 1}', "the preview")

    assert preview.steps[0].new_state is not None
    assert preview.steps[0].new_state.inputs == {"password": "hunter2"}
    assert "hunter2" not in repr(preview)
    assert "hunter2" not in repr(preview.steps[0].new_state)


def test_a_preview_without_changes_is_one() -> None:
    assert judged().verdict is Reversibility.REVERSIBLE
