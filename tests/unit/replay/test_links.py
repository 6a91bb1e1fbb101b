"""Links: what was seen of the program decides, where the checkpoint bears it out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rollback_plugin.replay.links import Links, Source, Traced, Traces, links_of, output_at, where_registered_alike
from rollback_plugin.replay.property_values import SECRET, SIGNATURE, UNKNOWN, Value, secret
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.relink import OutputTable, Relinked, live_outputs, table_of
from rollback_plugin.replay.traced import relink_traced
from rollback_plugin.versions.links import Origin, ProgramLinks, ResourceLinks
from tests.unit.replay.resources import STACK, component, resource, urn

FUNCTION = "aws:lambda/function:Function"
ORDERS, BILLING, FRONT = (urn(FUNCTION, name) for name in ("orders", "billing", "front"))
RECORDED = {"version": "1", "memorySize": 128, "publish": True, "arn": "arn:aws:lambda:fn", "layers": ["a", "b"]}
LIVE: Mapping[str, Mapping[str, Value]] = {
    ORDERS: {"version": "3", "memorySize": 256, "publish": False, "arn": "arn:aws:lambda:fn", "layers": ["c"]},
    BILLING: RECORDED,
}


def function(name: str, inputs: Mapping[str, Any] | None = None, **fields: Any) -> RecordedResource:
    return resource(FUNCTION, name, inputs=inputs or {}, outputs=dict(RECORDED), **fields)


def dependent(inputs: Mapping[str, Any]) -> RecordedResource:
    """Every property depends on both functions, as the engine has it."""
    both = (ORDERS, BILLING)
    return function("front", inputs, dependencies=both, property_dependencies=dict.fromkeys(inputs, both))


def own(name: str, output: str, *path: str | int) -> Origin:
    return Origin(path=path, source=(ORDERS, BILLING).index(urn(FUNCTION, name)), output=output)


def made_of(name: str, *path: str | int) -> Origin:
    return Origin(path=path, depends=((ORDERS, BILLING).index(urn(FUNCTION, name)),))


def seen(**inputs: tuple[Origin, ...]) -> ProgramLinks:
    return ProgramLinks(urns=(ORDERS, BILLING), resources={FRONT: ResourceLinks(inputs=inputs)})


def links(inputs: Mapping[str, Any], **origins: tuple[Origin, ...]) -> Links:
    return links_of(seen(**origins), [function("orders"), function("billing"), dependent(inputs)])


def live(source: Source) -> Value:
    return output_at(LIVE[source.urn], source.path, known=True)


def table(urns: frozenset[str]) -> OutputTable:
    return table_of(live_outputs(each, RECORDED, LIVE[each], {}, known=True) for each in sorted(urns))


def relinked(inputs: Mapping[str, Any], name: str, **origins: tuple[Origin, ...]) -> Relinked:
    return relink_traced(name, inputs[name], links(inputs, **origins).inputs[FRONT][name], live, table)


@pytest.mark.parametrize(
    ("recorded", "origins", "expected"),
    [
        pytest.param(
            {"A": "1", "B": "1", "RETRIES": "1"},
            (own("orders", "version", "A"), own("billing", "version", "B")),
            {"A": "3", "B": "1", "RETRIES": "1"},
            id="of two equal outputs and a literal, each follows its own",
        ),
        pytest.param(
            ["x", {"deep": ["1"]}],
            (own("orders", "version", 1, "deep", 0), made_of("billing", 0)),
            ["x", {"deep": ["3"]}],
            id="inside lists",
        ),
        pytest.param(
            [True, True],
            (own("orders", "publish", 0), own("billing", "publish", 1)),
            [False, True],
            id="booleans",
        ),
        pytest.param(
            {"memoryOf": 128, "other": 128},
            (own("orders", "memory_size", "memory_of"), made_of("billing", "other")),
            {"memoryOf": 256, "other": 128},
            id="numbers, in the program's spelling",
        ),
        pytest.param(
            [secret("1"), "1"],
            (own("orders", "version", 0), own("billing", "version", 1)),
            [secret("3"), "1"],
            id="a secret stays secret",
        ),
        pytest.param(
            secret({"a": "1", "b": "1"}),
            (own("orders", "version", "a"), made_of("billing", "b")),
            secret({"a": "3", "b": "1"}),
            id="inside a secret",
        ),
        pytest.param(
            {"all": ["a", "b"], "b": "1"},
            (own("orders", "layers", "all"), made_of("billing", "b")),
            {"all": ["c"], "b": "1"},
            id="a list as a whole",
        ),
        pytest.param(
            ["1", "1"],
            (made_of("orders", 0), made_of("billing", 1)),
            ["3", "1"],
            id="what was worked out follows what it depends on",
        ),
    ],
)
def test_values_follow_what_the_program_put_there(recorded: Any, origins: tuple[Origin, ...], expected: Any) -> None:
    found = relinked({"property": recorded}, "property", property=origins)

    assert (found.value, found.conflicts, found.doubts) == (expected, (), ())


def test_a_secret_output_makes_the_value_secret() -> None:
    traces: Traces = {("token",): Traced(frozenset({ORDERS}), Source(ORDERS, ("version",)))}

    found = relink_traced("token", "1", traces, lambda _: secret("3"), table)

    assert found.value == secret("3")


def test_a_secret_output_inside_a_secret_is_marked_once() -> None:
    traces: Traces = {("token", "a"): Traced(frozenset({ORDERS}), Source(ORDERS, ("version",)))}

    found = relink_traced("token", secret({"a": "1"}), traces, lambda _: secret("3"), table)

    assert found.value == {SIGNATURE: SECRET, "value": {"a": "3"}}


def test_an_output_that_is_gone_is_a_conflict() -> None:
    traces: Traces = {("property",): Traced(frozenset({ORDERS}), Source(ORDERS, ("vanished",)))}

    found = relink_traced("property", "1", traces, live, table)

    assert found.value == "1"
    assert [str(conflict) for conflict in found.conflicts] == [
        f"property: comes from vanished of {ORDERS}, which is gone"
    ]


@pytest.mark.parametrize(
    ("outputs", "path", "known", "found"),
    [
        ({"a": {"b": ["x"]}}, ("a", "b", 0), True, "x"),
        ({"a": secret({"b": 1})}, ("a", "b"), True, 1),
        ({"a": secret("x")}, ("a",), True, secret("x")),
        ({"a": UNKNOWN}, ("a", "b"), True, UNKNOWN),
        ({}, ("a",), False, UNKNOWN),
        ({}, ("a",), True, None),
        ({"a": ["x"]}, ("a", 1), True, None),
    ],
)
def test_an_output_is_read_where_it_is_now(
    outputs: Mapping[str, Any], path: tuple[str | int, ...], known: bool, found: Any
) -> None:
    assert output_at(outputs, path, known=known) == found


@pytest.mark.parametrize(
    ("recorded", "origins"),
    [
        pytest.param(["1"], (own("orders", "version", 0),), id="a dependency that nothing seen accounts for"),
        pytest.param(
            ["1", "1"], (own("orders", "version", 0), own("billing", "version", 5)), id="a place that is not there"
        ),
        pytest.param("1", (), id="nothing seen at all"),
    ],
)
def test_a_property_that_is_not_accounted_for_is_left_to_inference(recorded: Any, origins: tuple[Origin, ...]) -> None:
    assert links({"property": recorded}, property=origins).inputs[FRONT] == {}


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param("2", id="another value than the output had"),
        pytest.param(1, id="another kind of value"),
        pytest.param(True, id="a boolean that Python takes for a number"),
    ],
)
def test_a_link_counts_only_where_both_ends_have_the_same_value(recorded: Any) -> None:
    origins = (Origin(depends=(1,), source=0, output="version"),)

    (found,) = links({"property": recorded}, property=origins).inputs[FRONT]["property"].values()

    assert found.source is None


def test_a_link_to_what_is_not_registered_before_does_not_count() -> None:
    front = function("front", {"property": "1"})
    said = seen(property=(own("orders", "version"),))

    found = links_of(said, [function("orders"), function("billing"), front])

    assert found.inputs[FRONT]["property"] == {("property",): Traced(frozenset({ORDERS}))}


def test_of_a_resource_the_program_did_not_register_itself_nothing_is_known() -> None:
    said = ProgramLinks(resources={FRONT: ResourceLinks(delete_before_replace=True)})

    assert links_of(said, [function("front", {"property": "1"})]).inputs == {FRONT: {}}


def test_a_dependency_on_a_component_is_one_on_what_is_below_it() -> None:
    shop = component("shop")
    orders = function("orders", parent=shop.urn)
    front = function("front", {"a": "1"}, dependencies=(ORDERS,), property_dependencies={"a": (ORDERS,)})
    said = ProgramLinks(urns=(shop.urn,), resources={FRONT: ResourceLinks(inputs={"a": (Origin(depends=(0,)),)})})

    found = links_of(said, [shop, orders, front])

    assert found.inputs[FRONT]["a"] == {("a",): Traced(frozenset({shop.urn, ORDERS}))}


def test_stack_outputs_are_known_as_they_were_exported() -> None:
    stack = RecordedResource(
        urn=STACK, type="pulumi:pulumi:Stack", custom=False, outputs={"version": "1", "retries": "1", "unseen": "1"}
    )
    exported = {"version": (own("orders", "version"),), "retries": ()}
    said = ProgramLinks(urns=(ORDERS, BILLING), resources={STACK: ResourceLinks(outputs=exported)})

    found = links_of(said, [stack, function("orders"), function("billing")]).outputs[STACK]

    assert {name: len(traces) for name, traces in found.items()} == {"version": 1, "retries": 0}
    assert relink_traced("version", "1", found["version"], live, table).value == "3"
    assert relink_traced("retries", "1", found["retries"], live, table).value == "1"


def test_a_components_attribute_stands_for_its_output_where_the_values_are_equal() -> None:
    shop = component("shop", outputs={"orderVersion": "1", "other": "2"})
    attributes = {name: (own("orders", "version"),) for name in ("order_version", "other", "no_output")}
    said = ProgramLinks(urns=(ORDERS, BILLING), resources={shop.urn: ResourceLinks(outputs=attributes)})

    found = links_of(said, [shop, function("orders"), function("billing")]).outputs[shop.urn]

    assert set(found) == {"orderVersion"}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        pytest.param("v1", True, id="a number after a letter"),
        pytest.param("v12", False, id="part of another number"),
        pytest.param("arn:aws:lambda:fn is all of it", False, id="nothing but an unchanged output"),
    ],
)
def test_a_text_that_may_hold_a_short_output_that_changed_is_a_conflict(text: str, refused: bool) -> None:
    found = relinked({"property": text}, "property", property=(Origin(depends=(0, 1)),))

    assert found.value == text
    assert bool(found.conflicts) is refused


def test_a_text_that_no_output_was_put_into_is_no_doubt() -> None:
    found = relink_traced("property", "v1", {}, live, table)

    assert (found.value, found.doubts) == ("v1", ())


def test_what_a_merge_took_from_elsewhere_has_no_links() -> None:
    functions = [function("orders"), function("billing")]
    recorded = dependent({"mine": "1", "theirs": "1", "secret": secret("1")})
    origins = (Origin(depends=(1,), source=0, output="version"),)
    found = links_of(seen(mine=origins, theirs=origins, secret=origins), [*functions, recorded])

    merged = replace(recorded, inputs={**recorded.inputs, "theirs": "2"})

    assert set(where_registered_alike(found, [*functions, recorded], [*functions, merged]).inputs[FRONT]) == {
        "mine",
        "secret",
    }


def test_a_link_to_what_a_merge_left_out_does_not_hold() -> None:
    functions = [function("orders"), function("billing")]
    recorded = dependent({"property": "1"})
    found = links_of(seen(property=(Origin(depends=(1,), source=0, output="version"),)), [*functions, recorded])

    assert where_registered_alike(found, [*functions, recorded], [functions[0], recorded]).inputs[FRONT] == {}
