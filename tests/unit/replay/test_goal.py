"""Which resources a replay registers, under which policy."""

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.goal import Goal, goal_of
from tests.unit.replay.resources import QUEUE, TOPIC, component, resource, urn


def registered(goal: Goal) -> dict[str, bool]:
    """Name → whether only the current state has it."""
    return {registration.resource.name: registration.kept for registration in goal.registrations}


def test_what_only_the_current_state_has_is_dropped() -> None:
    goal = goal_of([resource(TOPIC, "old")], [resource(TOPIC, "new")], DataPolicy.KEEP)

    assert registered(goal) == {"old": False}
    assert [dropped.name for dropped in goal.dropped] == ["new"]


def test_what_holds_data_is_kept() -> None:
    goal = goal_of([], [resource(QUEUE, "jobs")], DataPolicy.KEEP)

    assert registered(goal) == {"jobs": True}
    assert goal.dropped == ()


def test_what_is_protected_is_kept() -> None:
    assert registered(goal_of([], [resource(TOPIC, "events", protect=True)], DataPolicy.KEEP)) == {"events": True}


def test_following_the_program_keeps_nothing() -> None:
    goal = goal_of([], [resource(QUEUE, "jobs", protect=True)], DataPolicy.FOLLOW)

    assert registered(goal) == {}
    assert [dropped.name for dropped in goal.dropped] == ["jobs"]


def test_what_was_only_read_is_not_kept_for_its_data() -> None:
    assert registered(goal_of([], [resource(QUEUE, "jobs", external=True)], DataPolicy.KEEP)) == {}


def test_a_kept_resource_keeps_its_parents_and_its_provider() -> None:
    provider = resource("pulumi:providers:aws", "west", id="provider-id")
    outer, inner = component("outer"), component("inner", parent=urn("shop:index:Shop", "outer"))
    queue = resource(QUEUE, "jobs", parent=inner.urn, provider=f"{provider.urn}::provider-id")

    goal = goal_of([], [provider, outer, inner, queue, resource(TOPIC, "events")], DataPolicy.KEEP)

    assert registered(goal) == {"west": True, "outer": True, "inner": True, "jobs": True}


def test_a_kept_resource_forgets_what_it_depended_on_where_that_goes() -> None:
    topic, other = resource(TOPIC, "events"), resource(QUEUE, "dead")
    queue = resource(
        QUEUE,
        "jobs",
        dependencies=(topic.urn, other.urn),
        property_dependencies={"policy": (topic.urn, other.urn)},
        deleted_with=topic.urn,
    )

    kept = goal_of([], [topic, other, queue], DataPolicy.KEEP).by_urn[queue.urn].resource

    assert kept.dependencies == (other.urn,)
    assert kept.property_dependencies == {"policy": (other.urn,)}
    assert kept.deleted_with == ""


def test_the_same_physical_resource_under_another_name_is_registered_with_an_alias() -> None:
    target, current = resource(QUEUE, "first", id="same"), resource(QUEUE, "second", id="same")

    goal = goal_of([target], [current], DataPolicy.KEEP)

    assert [registration.aliases for registration in goal.registrations] == [(current.urn,)]
    assert registered(goal) == {"first": False}


def test_an_equal_id_of_another_type_is_no_alias() -> None:
    goal = goal_of([resource(QUEUE, "first", id="same")], [resource(TOPIC, "second", id="same")], DataPolicy.KEEP)

    assert [registration.aliases for registration in goal.registrations] == [()]


def test_a_name_that_both_have_is_not_an_alias_for_another() -> None:
    both = resource(QUEUE, "both", id="same")

    goal = goal_of([both, resource(QUEUE, "first", id="same")], [both], DataPolicy.KEEP)

    assert [registration.aliases for registration in goal.registrations] == [(), ()]


def test_what_the_program_declared_an_alias_of_is_registered_with_it() -> None:
    target = resource(QUEUE, "jobs", id="its-id-then", declared_aliases=(urn(QUEUE, "nowhere"), urn(QUEUE, "work")))
    current = resource(QUEUE, "work", id="its-id-now")

    goal = goal_of([target], [current], DataPolicy.KEEP)

    assert [registration.aliases for registration in goal.registrations] == [(current.urn,)]
    assert goal.dropped == ()


def test_a_declared_alias_counts_for_one_resource_and_only_where_it_is_needed() -> None:
    alias = (urn(QUEUE, "work"),)
    there = resource(QUEUE, "there", declared_aliases=alias)
    first, second = (resource(QUEUE, name, declared_aliases=alias) for name in ("first", "second"))

    goal = goal_of([there, first, second], [there, resource(QUEUE, "work")], DataPolicy.FOLLOW)

    assert [registration.aliases for registration in goal.registrations] == [(), alias, ()]


def test_what_the_stack_says_holds_data_is_kept_too() -> None:
    goal = goal_of([], [resource(TOPIC, "events"), resource(QUEUE, "jobs")], DataPolicy.KEEP, TOPIC.__eq__)

    assert registered(goal) == {"events": True}
