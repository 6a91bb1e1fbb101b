"""What becomes of pending creates in the state, by what the providers say exists."""

from collections.abc import Mapping, Sequence
from typing import Any

from rollback_plugin.replay.pending import Settled, settle_pending
from rollback_plugin.replay.property_values import PROVIDER_DEFAULTS
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import urn

ROLE = "aws:iam/role:Role"
PROVIDER = "pulumi:providers:aws"


class Cloud:
    """A double of the engine asking providers: by (URN, id) the inputs of what exists."""

    def __init__(self, existing: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self.existing = existing
        self.asked: list[str] = []

    def decrypt(self, *checkpoints: Checkpoint) -> tuple[Checkpoint, ...]:
        return checkpoints

    def refreshed(self, checkpoint: Checkpoint, urns: Sequence[str]) -> Checkpoint:
        assert not checkpoint.pending_operations
        assert len(checkpoint.by_urn) == len([each for each in checkpoint.resources if not each.delete])
        self.asked.extend(urns)
        resources = []
        for found in checkpoint.resources:
            if found.urn not in urns:
                resources.append(found)
            elif (found.urn, found.id) in self.existing:
                inputs = dict(self.existing[found.urn, found.id])
                resources.append(found.having(inputs=inputs, outputs={"read": True}))
        return checkpoint.with_resources(tuple(resources))


def role(name: str, *, autonamed: bool = True, **fields: Any) -> dict[str, Any]:
    """Drawn names end in hex digits."""
    inputs = {"name": name, PROVIDER_DEFAULTS: ["name"] if autonamed else []}
    return {"urn": urn(ROLE, "role"), "type": ROLE, "custom": True, "inputs": inputs, **fields}


def creating(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "creating", "resource": dict(resource)}


def settled(
    resources: Sequence[Mapping[str, Any]],
    operations: Sequence[Mapping[str, Any]],
    *existing: Mapping[str, Any],
) -> Settled:
    latest = {"resources": list(resources), "pending_operations": list(operations)}
    cloud = Cloud({(found["urn"], found["inputs"]["name"]): found["inputs"] for found in existing})
    return settle_pending(Checkpoint.from_document({"version": 3, "checkpoint": {"latest": latest}}), cloud)


def roles_in(found: Settled) -> list[tuple[str, bool]]:
    return [(resource.id, resource.delete) for resource in found.state.resources]


def test_what_exists_is_in_the_state_with_what_was_read_of_it() -> None:
    found = settled([], [creating(role("r-0000001"))], role("r-0000001"))

    (resource,) = found.state.resources
    assert (resource.id, resource.outputs) == ("r-0000001", {"read": True})
    assert found.state.pending_operations == ()
    assert (found.found, found.missing, found.changed) == ((urn(ROLE, "role"),), (), True)


def test_what_does_not_exist_is_forgotten() -> None:
    found = settled([], [creating(role("r-0000001"))])

    assert (roles_in(found), found.state.pending_operations) == ([], ())
    assert found.missing == (urn(ROLE, "role"),)


def test_what_has_a_chosen_name_is_only_taken_for_what_was_made_if_it_is_alike() -> None:
    made = role("chosen", autonamed=False)
    unlike = {**made, "inputs": {**made["inputs"], "path": "/theirs/"}}

    assert roles_in(settled([], [creating(made)], made)) == [("chosen", False)]
    found = settled([], [creating(made)], unlike)
    assert (roles_in(found), len(found.state.pending_operations), found.changed) == ([], 1, False)


def test_a_name_by_default_that_was_not_drawn_is_as_good_as_chosen() -> None:
    made = role("same-for-all")

    found = settled([], [creating(made)], {**made, "inputs": {**made["inputs"], "path": "/theirs/"}})

    assert (roles_in(found), found.changed) == ([], False)


def test_what_cannot_be_read_of_something_with_a_chosen_name_is_to_be_written_anew() -> None:
    resource_type = "aws:s3/bucketObjectv2:BucketObjectv2"
    inputs = {"bucket": "b", "key": "k", "name": "b/k", "content": "x"}
    made = {"urn": urn(resource_type, "page"), "type": resource_type, "custom": True, "inputs": inputs}

    (found,) = settled([], [creating(made)], made).state.resources

    assert (found.id, found.inputs) == ("b/k", {"bucket": "b", "key": "k", "name": "b/k"})


def test_what_has_a_drawn_name_is_ours_even_half_made() -> None:
    made = role("r-0000001")

    found = settled([], [creating(made)], {**made, "inputs": {**made["inputs"], "path": "/"}})

    assert roles_in(found) == [("r-0000001", False)]


def test_what_can_not_be_looked_for_stays_pending_beside_what_can() -> None:
    unknown = creating({"urn": urn("aws:ec2/vpc:Vpc", "v"), "type": "aws:ec2/vpc:Vpc", "custom": True, "inputs": {}})

    found = settled([], [unknown, creating(role("r-0000001"))], role("r-0000001"))

    assert roles_in(found) == [("r-0000001", False)]
    assert [dict(operation) for operation in found.state.pending_operations] == [unknown]


def updating(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "updating", "resource": dict(resource)}


def test_what_was_being_updated_is_in_the_state_as_it_was_found() -> None:
    before = role("r-0000001", id="r-0000001")
    other = {**role("r-0000002", id="r-0000002"), "urn": urn(ROLE, "other")}
    changed = {**before, "inputs": {**before["inputs"], "path": "/changed/"}}

    found = settled([before, other], [updating(before)], changed, other)

    asked, untouched = found.state.resources
    assert (asked.inputs, asked.outputs) == (changed["inputs"], {"read": True})
    assert untouched.document == other
    assert found.state.pending_operations == ()
    assert (found.read, found.found, found.missing, found.changed) == ((urn(ROLE, "role"),), (), (), True)


def test_what_was_being_updated_and_is_gone_is_no_longer_in_the_state() -> None:
    found = settled([role("r-0000001", id="r-0000001")], [updating(role("r-0000001", id="r-0000001"))])

    assert (roles_in(found), found.state.pending_operations) == ([], ())


def test_what_cannot_be_read_of_something_that_was_being_updated_is_to_be_written_anew() -> None:
    page = "aws:s3/bucketObjectv2:BucketObjectv2"
    inputs = {"name": "page", "content": "hello", "bucket": "site"}
    before = {"urn": urn(page, "page"), "type": page, "custom": True, "id": "page", "inputs": inputs}

    (found,) = settled([before], [updating(before)], before).state.resources

    assert found.inputs == {"name": "page", "bucket": "site"}


def test_an_update_of_what_the_state_no_longer_has_is_left_to_the_engine() -> None:
    found = settled([], [updating(role("r-0000001", id="r-0000001"))], role("r-0000001"))

    assert (found.changed, len(found.state.pending_operations)) == (False, 1)


def test_what_waits_to_be_deleted_stays_beside_what_was_being_updated() -> None:
    old, live = role("r-0000001", id="r-0000001", delete=True), role("r-0000002", id="r-0000002")

    found = settled([live, old], [updating(live)], live, old)

    assert roles_in(found) == [("r-0000002", False), ("r-0000001", True)]


def test_what_was_to_replace_something_that_is_still_there_is_a_left_over() -> None:
    found = settled(
        [role("r-aaaaaaa", id="r-aaaaaaa")], [creating(role("r-bbbbbbb"))], role("r-bbbbbbb"), role("r-aaaaaaa")
    )

    assert roles_in(found) == [("r-aaaaaaa", False), ("r-bbbbbbb", True)]


def test_what_was_to_replace_something_that_is_gone_takes_its_place() -> None:
    gone = role("r-aaaaaaa", id="r-aaaaaaa", pendingReplacement=True)

    assert roles_in(settled([gone], [creating(role("r-bbbbbbb"))], role("r-bbbbbbb"))) == [("r-bbbbbbb", False)]


def test_what_the_state_has_already_is_not_taken_twice() -> None:
    found = settled([role("r-0000001", id="r-0000001")], [creating(role("r-0000001"))], role("r-0000001"))

    assert (roles_in(found), found.state.pending_operations) == ([("r-0000001", False)], ())


def test_each_of_several_attempts_at_one_resource_is_looked_for() -> None:
    found = settled(
        [],
        [creating(role(name)) for name in ("r-0000001", "r-0000002", "r-0000003")],
        role("r-0000001"),
        role("r-0000003"),
    )

    assert roles_in(found) == [("r-0000001", False), ("r-0000003", True)]
    assert found.state.pending_operations == ()


def test_a_provider_half_made_is_nothing_to_look_for() -> None:
    provider = {"urn": urn(PROVIDER, "west"), "type": PROVIDER, "custom": True, "inputs": {"region": "us-west-2"}}

    found = settled([], [creating(provider)])

    assert (roles_in(found), found.state.pending_operations) == ([], ())
