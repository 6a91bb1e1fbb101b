"""How a checkpoint's resources are read, and in which order they can be registered."""

import json
from typing import Any

from rollback_plugin.replay.recorded import dependency_order, managed_originals, owner_of, read_resources, type_of
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import QUEUE, STACK, TOPIC, component, resource, urn


def checkpoint(*resources: dict[str, Any]) -> Checkpoint:
    return Checkpoint.parse(json.dumps({"version": 3, "deployment": {"resources": resources}}).encode())


def recorded(name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": urn(QUEUE, name), "type": QUEUE, "custom": True, "id": name, **fields}


def test_what_waits_for_its_deletion_is_not_part_of_the_version() -> None:
    read = read_resources(checkpoint(recorded("jobs", delete=True, id="old"), recorded("jobs", id="new")))

    assert [found.id for found in read] == ["new"]


def test_the_engines_own_provider_is_left_to_the_engine() -> None:
    own = {
        "urn": urn("pulumi:providers:pulumi", "default"),
        "type": "pulumi:providers:pulumi",
        "custom": True,
        "id": "1",
    }
    reference = recorded("other", type="pulumi:pulumi:StackReference", provider=f"{own['urn']}::1")

    (found,) = read_resources(checkpoint(own, reference))

    assert found.provider_urn == ""


def test_options_are_read_as_the_engine_wrote_them() -> None:
    (found,) = read_resources(
        checkpoint(
            recorded(
                "jobs",
                customTimeouts={"create": 300, "update": 0},
                resourceHooks={"BeforeDelete": ["warn"]},
                propertyDependencies={"policy": [urn(TOPIC, "events")], "name": None},
                deletedWith=urn(TOPIC, "events"),
            )
        )
    )

    assert found.custom_timeouts_seconds == {"create": 300}
    assert found.hooks == ("warn",)
    assert found.property_dependencies == {"policy": (urn(TOPIC, "events"),), "name": ()}
    assert found.needs == {urn(TOPIC, "events")}


def test_a_name_may_hold_colons() -> None:
    assert resource(QUEUE, "a::b").name == "a::b"


def test_a_urn_tells_type_project_and_stack() -> None:
    nested = "urn:pulumi:dev::shop::shop:index:Shop$aws:sqs/queue:Queue::jobs"

    assert (type_of(nested), owner_of(nested)) == (QUEUE, ("shop", "dev"))


def test_each_resource_comes_after_what_it_needs() -> None:
    provider = resource("pulumi:providers:aws", "west", parent="")
    parent = component("shop")
    queue = resource(QUEUE, "jobs", parent=parent.urn, provider=f"{provider.urn}::some-id")
    topic = resource(TOPIC, "events", property_dependencies={"tags": (queue.urn,)})

    order = dependency_order([topic, queue, parent, provider])
    rounds = []
    while order.is_active():
        ready = order.get_ready()
        rounds.append(set(ready))
        order.done(*ready)

    assert rounds == [{parent.urn, provider.urn}, {queue.urn}, {topic.urn}]


def test_what_is_read_comes_after_the_resource_of_the_stack_that_it_is() -> None:
    made = resource(QUEUE, "made", id="https://sqs/made-1")
    seen = resource(QUEUE, "seen", id="https://sqs/made-1", external=True)

    order = dependency_order([seen, made])

    assert managed_originals([seen, made]) == {seen.urn: made.urn}
    assert order.get_ready() == (made.urn,)


def test_what_is_read_and_needed_by_the_resource_of_the_same_id_is_nothing_the_stack_made() -> None:
    seen = resource(QUEUE, "seen", id="https://sqs/made-1", external=True)
    between = resource(TOPIC, "between", dependencies=(seen.urn,))
    adopted = resource(QUEUE, "adopted", id="https://sqs/made-1", dependencies=(between.urn,))

    assert managed_originals([seen, between, adopted]) == {}


def test_an_id_is_told_apart_by_the_type_it_belongs_to() -> None:
    seen = resource(QUEUE, "seen", id="name", external=True)

    assert managed_originals([seen, resource(TOPIC, "made", id="name")]) == {}


def test_what_is_not_registered_counts_as_there() -> None:
    order = dependency_order([resource(TOPIC, "events", parent=STACK)])

    assert order.get_ready() == (urn(TOPIC, "events"),)


def test_values_stay_out_of_what_prints_a_resource() -> None:
    assert "hidden-value" not in repr(
        resource(QUEUE, "jobs", inputs={"a": "hidden-value"}, outputs={"b": "hidden-value"})
    )
