"""In which order a goal's resources are registered, where some of them are left as the state has them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.registration_order import RegistrationOrder
from tests.unit.replay.resources import QUEUE, TOPIC, component, resource

PROVIDER = resource("pulumi:providers:aws", "default", parent="")


def queue(name: str, *needed: RecordedResource) -> RecordedResource:
    needed_urns = tuple(each.urn for each in needed)
    return resource(QUEUE, name, parent="", provider=f"{PROVIDER.urn}::some-id", dependencies=needed_urns)


def rounds(resources: Sequence[RecordedResource], *registered: RecordedResource) -> list[set[str]]:
    """The names that can be registered at the same time, one set after the other."""
    order = RegistrationOrder(resources, frozenset(each.urn for each in registered))
    found = []
    while order.is_active():
        ready = list(order.ready())
        found.append({urn.rpartition("::")[2] for urn in ready})
        for urn in ready:
            order.done(urn)
    return found


def test_where_everything_is_registered_each_comes_after_what_it_needs() -> None:
    jobs = queue("jobs")
    dead, late = queue("dead", jobs), queue("late", jobs)

    assert rounds([PROVIDER, jobs, dead, late], PROVIDER, jobs, dead, late) == [{"default"}, {"jobs"}, {"dead", "late"}]


def test_what_needs_no_provider_waits_for_that_of_what_is_carried_over_with_it() -> None:
    left = queue("left")
    shop = component("shop", parent="", dependencies=(left.urn,))

    assert rounds([PROVIDER, left, shop], PROVIDER, shop) == [{"default"}, {"shop"}]


def test_that_holds_through_any_number_of_resources_that_are_left() -> None:
    first = queue("first")
    between = resource(TOPIC, "between", parent="", dependencies=(first.urn,))
    left = resource(TOPIC, "left", parent="", dependencies=(between.urn,))
    shop = component("shop", parent="", dependencies=(left.urn,))

    assert rounds([PROVIDER, first, between, left, shop], PROVIDER, first, shop) == [{"default"}, {"first"}, {"shop"}]


def test_of_those_that_carry_the_same_over_one_goes_first() -> None:
    left = component("left", parent="")
    one, other = (component(name, parent="", dependencies=(left.urn,)) for name in ("one", "other"))
    alone = component("alone", parent="")

    assert rounds([left, one, other, alone], one, other, alone) == [{"alone", "one"}, {"other"}]


def test_what_was_carried_over_holds_nobody_up() -> None:
    left = component("left", parent="")
    first = component("first", parent="", dependencies=(left.urn,))
    one, other = (component(name, parent="", dependencies=(left.urn, first.urn)) for name in ("one", "other"))

    assert rounds([left, first, one, other], first, one, other) == [{"first"}, {"one", "other"}]


@st.composite
def goals(draw: st.DrawFn) -> tuple[list[RecordedResource], frozenset[str], list[int]]:
    """Resources that need some of those before them, which are registered, and the turns in which they are done."""
    resources: list[RecordedResource] = []
    for number in range(draw(st.integers(1, 12))):
        needed = draw(st.lists(st.sampled_from(resources), unique_by=lambda each: each.urn)) if resources else []
        resources.append(component(str(number), parent="", dependencies=tuple(each.urn for each in needed)))
    registered = draw(st.sets(st.sampled_from([each.urn for each in resources])))
    return resources, frozenset(registered), draw(st.lists(st.integers(0, 11), min_size=12, max_size=12))


@given(goals())
def test_whatever_is_done_first_the_snapshot_has_everything_after_what_it_needs(
    goal: tuple[list[RecordedResource], frozenset[str], list[int]],
) -> None:
    resources, registered, turns = goal
    needs = {each.urn: each.needs for each in resources}
    order = RegistrationOrder(resources, registered)
    snapshot: list[str] = []
    has_step: set[str] = set()
    under_way: dict[str, list[str]] = {}

    def carried_with(urn: str) -> list[str]:
        """As the engine does it: what has no step yet, and first what that needs."""
        carried = []
        for needed in sorted(needs[urn]):
            if needed not in has_step:
                has_step.add(needed)
                carried += [*carried_with(needed), needed]
        return carried

    for turn in turns + [0] * len(resources):
        for urn in order.ready():
            assert needs[urn] & registered <= set(snapshot), "what is needed is registered before, and done"
            has_step.add(urn)
            under_way[urn] = [*carried_with(urn), urn]
        if under_way:
            urn = list(under_way)[turn % len(under_way)]
            snapshot += under_way.pop(urn)
            places = {each: place for place, each in enumerate(snapshot)}
            assert all(places.get(needed, len(places)) < places[each] for each in snapshot for needed in needs[each])
            order.done(urn)

    assert registered <= set(snapshot)
    assert not order.is_active()
