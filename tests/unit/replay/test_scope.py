"""How much of a goal is registered."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.goal import Goal, goal_of
from rollback_plugin.replay.recorded import STACK_TYPE, RecordedResource
from rollback_plugin.replay.scope import Scope, scope_of
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import QUEUE, STACK, TOPIC, component, resource

OTHERS = tuple(resource(TOPIC, f"other-{number}") for number in range(12))
"""So many that what is looked at is less than half of all."""


def stack(**outputs: Any) -> RecordedResource:
    return RecordedResource(urn=STACK, type=STACK_TYPE, custom=False, outputs=outputs)


def queue(name: str = "jobs", **fields: Any) -> RecordedResource:
    return resource(QUEUE, name, **fields)


def state(*resources: RecordedResource, pending: Sequence[dict[str, Any]] = (), **fields: Any) -> Checkpoint:
    """What the backend has; `fields` are the first resource's."""
    documents = [{"urn": each.urn, "type": each.type} for each in resources]
    documents[0].update(fields)
    latest = {"resources": documents, "pending_operations": [*pending]}
    return Checkpoint.from_document({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}})


def scope(
    wanted: Sequence[RecordedResource], present: Sequence[RecordedResource], data: DataPolicy = DataPolicy.FOLLOW
) -> Scope:
    wanted, present = [stack(), *wanted, *OTHERS], [stack(), *present, *OTHERS]
    return scope_of(goal_of(wanted, present, data), present, state(*present))


def names(urns: Sequence[str] | frozenset[str]) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def targets(wanted: Sequence[RecordedResource], present: Sequence[RecordedResource]) -> set[str]:
    return names(scope(wanted, present).targets)


def test_what_differs_is_a_target_and_the_rest_is_not_registered() -> None:
    found = scope([queue(inputs={"delay": 1}), queue("same")], [queue(inputs={"delay": 2}), queue("same")])

    assert names(found.targets) == {"jobs"}
    assert names(found.registered) == {"shop-dev", "jobs"}


@pytest.mark.parametrize("link", ["dependencies", "deleted_with", "replace_with", "parent", "provider", "properties"])
def test_so_is_what_hangs_on_it_however_it_does(link: str) -> None:
    urn = queue().urn
    linked: dict[str, dict[str, Any]] = {
        "dependencies": {"dependencies": (urn,)},
        "deleted_with": {"deleted_with": urn},
        "replace_with": {"replace_with": (urn,)},
        "parent": {"parent": urn},
        "provider": {"provider": f"{urn}::id"},
        "properties": {"property_dependencies": {"name": (urn,)}},
    }
    below = resource(TOPIC, "below", **linked[link])
    further = resource(TOPIC, "further", dependencies=(below.urn,))

    assert targets([queue(protect=True), below, further], [queue(), below, further]) == {"jobs", "below", "further"}


def test_what_hung_on_it_only_in_the_state_is_a_target_too() -> None:
    now = resource(TOPIC, "user", dependencies=(queue().urn,))

    assert targets([resource(TOPIC, "user")], [queue(), now]) == {"jobs", "user"}


def test_what_comes_back_and_what_goes_are_targets() -> None:
    assert targets([queue("old")], [queue("new")]) == {"old", "new"}


def test_parents_and_providers_are_registered_and_no_targets() -> None:
    provider = resource("pulumi:providers:aws", "west", id="provider")
    outer = component("outer")
    inside = queue(parent=outer.urn, provider=f"{provider.urn}::provider")

    found = scope([provider, outer, replace(inside, protect=True)], [provider, outer, inside])

    assert names(found.targets) == {"jobs"}
    assert names(found.registered) == {"shop-dev", "west", "outer", "jobs"}


def test_components_with_outputs_are_registered_as_those_may_come_from_anywhere() -> None:
    with_outputs, without = component("shop", outputs={"url": "https://jobs"}), component("empty")

    found = scope([queue(protect=True), with_outputs, without], [queue(), with_outputs, without])

    assert names(found.registered) == {"shop-dev", "jobs", "shop"}
    assert names(found.targets) == {"jobs"}


def test_options_that_no_state_holds_make_no_difference() -> None:
    seen = queue("seen", delete_before_replace=True, declared_aliases=("urn:before",))

    assert targets([queue(protect=True), seen], [queue(), queue("seen")]) == {"jobs"}


def test_nor_does_it_to_say_that_properties_depend_on_nothing_where_nothing_is_depended_on() -> None:
    said = queue("said", property_dependencies={"delay": ()})

    assert targets([queue(protect=True), queue("said")], [queue(), said]) == {"jobs"}


def test_it_does_where_something_is() -> None:
    other = queue("other")
    known, unknown = (
        queue("user", dependencies=(other.urn,), property_dependencies=stated) for stated in ({"delay": ()}, {})
    )

    assert targets([other, known], [other, unknown]) == {"user"}


def test_yes_and_one_differ() -> None:
    assert targets([queue(inputs={"fifo": True})], [queue(inputs={"fifo": 1})]) == {"jobs"}


def test_what_is_only_read_is_read_again() -> None:
    read = resource(TOPIC, "read", external=True)

    assert targets([queue(protect=True), read], [queue(), read]) == {"jobs", "read"}


@pytest.mark.parametrize("field", [{"taint": True}, {"initErrors": ["broken"]}, {"refreshBeforeUpdate": True}])
def test_what_the_engine_has_something_to_do_about_is_a_target(field: dict[str, Any]) -> None:
    present = [queue("unsettled"), stack(), *OTHERS]
    goal = goal_of(present, present, DataPolicy.FOLLOW)

    assert names(scope_of(goal, present, state(*present, **field)).targets) == {"unsettled"}


def unconfined(goal: Goal) -> Scope:
    return Scope(frozenset(goal.by_urn))


class TestEverythingIsRegistered:
    def of(self, present: Sequence[RecordedResource], found: Checkpoint, data: DataPolicy = DataPolicy.FOLLOW) -> None:
        wanted = [stack(), queue(protect=True), *OTHERS]
        goal = goal_of(wanted, present, data)

        assert scope_of(goal, present, found) == unconfined(goal)

    @pytest.mark.parametrize("field", [{"delete": True}, {"pendingReplacement": True}, {"viewOf": "urn"}])
    def test_where_an_earlier_update_left_something_to_clear_up(self, field: dict[str, Any]) -> None:
        present = [stack(), queue(), *OTHERS]

        self.of(present, state(resource(TOPIC, "left"), *present, **field))

    def test_where_an_operation_was_interrupted(self) -> None:
        present = [stack(), queue(), *OTHERS]

        self.of(present, state(*present, pending=[{"type": "creating"}]))

    def test_where_one_is_known_by_another_name(self) -> None:
        present = [stack(), queue("named", id="jobs-id"), *OTHERS]

        self.of(present, state(*present))

    def test_where_a_name_would_mean_others_too(self) -> None:
        present = [stack(), queue(), queue("*"), *OTHERS]

        self.of(present, state(*present))

    def test_where_nothing_differs_as_no_target_confines_nothing(self) -> None:
        present = [stack(), queue(protect=True), *OTHERS]

        self.of(present, state(*present))

    def test_where_most_of_it_differs(self) -> None:
        present = [stack(), queue(), *(replace(other, protect=True) for other in OTHERS)]

        self.of(present, state(*present))


@st.composite
def stacks(draw: st.DrawFn) -> tuple[list[RecordedResource], list[RecordedResource]]:
    """Two versions of a stack, of resources that hang on earlier ones."""

    def version() -> list[RecordedResource]:
        found: list[RecordedResource] = [stack()]
        for number in range(8):
            earlier = [each.urn for each in found[1:]]
            some = st.lists(st.sampled_from(earlier), max_size=2, unique=True) if earlier else st.just([])
            if draw(st.booleans()):
                kind = draw(st.sampled_from(["shop:index:Shop", TOPIC, "pulumi:providers:aws"]))
                parents = [each.urn for each in found if each.type == "shop:index:Shop"] or [STACK]
                providers = [f"{each.urn}::id" for each in found if each.is_provider] or [""]
                found.append(
                    resource(
                        TOPIC if kind == TOPIC else kind,
                        f"{kind[-3:]}-{number}",
                        custom=kind != "shop:index:Shop",
                        parent=draw(st.sampled_from(parents)),
                        provider=draw(st.sampled_from(providers)) if kind == TOPIC else "",
                        dependencies=tuple(draw(some)),
                        inputs={"size": draw(st.integers(0, 1))},
                    )
                )
        return found

    return [*version(), *OTHERS], [*version(), *OTHERS]


@given(stacks())
def test_nothing_is_deleted_but_what_the_goal_drops(
    versions: tuple[list[RecordedResource], list[RecordedResource]],
) -> None:
    """The engine deletes a target that is not registered, and what hangs on a target, unless that is registered."""
    wanted, present = versions
    goal = goal_of(wanted, present, DataPolicy.FOLLOW)
    found = scope_of(goal, present, state(*present))

    dropped = {each.urn for each in goal.dropped}
    if found.targets:
        assert set(found.targets) <= found.registered | dropped
        assert dropped <= set(found.targets)
        assert STACK not in found.targets
        for each in present:
            if each.needs & set(found.targets):
                assert each.urn in found.registered | dropped


@given(stacks())
def test_what_is_registered_is_under_parents_and_providers_that_are_and_the_rest_is_as_wanted(
    versions: tuple[list[RecordedResource], list[RecordedResource]],
) -> None:
    wanted, present = versions
    found = scope_of(goal_of(wanted, present, DataPolicy.FOLLOW), present, state(*present))

    now = {each.urn: each for each in present}
    for each in wanted:
        if each.urn in found.registered:
            assert {each.parent, each.provider_urn} - {""} <= found.registered
        else:
            assert now[each.urn] == each
            assert not each.needs & set(found.targets)
