"""Resources merged three ways: made, removed, changed, renamed, made anew on either side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.merge import Merge, merge
from rollback_plugin.replay.property_values import ENGINE_INTERNAL, PROVIDER_DEFAULTS, RESOURCE_REFERENCE, SIGNATURE
from rollback_plugin.replay.recorded import STACK_TYPE, RecordedResource
from tests.unit.replay.resources import QUEUE, STACK, TOPIC, component, resource, urn

PARAMETER = "aws:ssm/parameter:Parameter"


def topic(name: str, **inputs: Any) -> RecordedResource:
    return resource(TOPIC, name, inputs=inputs)


def stack(**outputs: Any) -> RecordedResource:
    return RecordedResource(urn=STACK, type=STACK_TYPE, custom=False, outputs=outputs)


def queue(identity: str, **fields: Any) -> RecordedResource:
    return resource(QUEUE, "jobs", id=identity, outputs={"url": f"https://{identity}"}, **fields)


def user_of_queue(identity: str, name: str = "user", **inputs: Any) -> RecordedResource:
    """A parameter whose value came from the queue's URL."""
    return resource(
        PARAMETER,
        name,
        inputs={"value": f"https://{identity}", **inputs},
        dependencies=(urn(QUEUE, "jobs"),),
        property_dependencies={"value": (urn(QUEUE, "jobs"),), **dict.fromkeys(inputs, ())},
    )


def merged(
    base: Sequence[RecordedResource],
    version: Sequence[RecordedResource],
    current: Sequence[RecordedResource],
    policy: ConflictPolicy = ConflictPolicy.REFUSE,
) -> Merge:
    return merge(base, version, current, policy)


def inputs_of(found: Merge) -> Mapping[str, Any]:
    return {resource.name: dict(resource.inputs) for resource in found.resources}


def conflicts_of(found: Merge) -> list[tuple[str, str, bool]]:
    return [(conflict.urn.rpartition("::")[2], conflict.property, conflict.settled) for conflict in found.conflicts]


class TestPresence:
    OLD, NEW = topic("x", a=1), topic("x", a=2)

    @pytest.mark.parametrize(
        ("rule", "base", "version", "current", "there"),
        [
            ("made by the version", [], [OLD], [], True),
            ("made since", [], [], [OLD], True),
            ("made by both, alike", [], [OLD], [OLD], True),
            ("removed by the version", [OLD], [], [OLD], False),
            ("removed since", [OLD], [OLD], [], False),
            ("removed by both", [OLD], [], [], False),
        ],
    )
    def test_what_one_side_made_or_removed(
        self,
        rule: str,
        base: list[RecordedResource],
        version: list[RecordedResource],
        current: list[RecordedResource],
        there: bool,
    ) -> None:
        found = merged(base, version, current)

        assert (bool(found.resources), found.conflicts) == (there, ()), rule

    @pytest.mark.parametrize(("version", "current"), [([NEW], []), ([], [NEW])])
    def test_removed_by_one_side_and_changed_by_the_other_is_a_conflict(
        self, version: list[RecordedResource], current: list[RecordedResource]
    ) -> None:
        base = [self.OLD]

        assert conflicts_of(merged(base, version, current)) == [("x", "", False)]
        assert list(merged(base, version, current, ConflictPolicy.VERSION).resources) == version
        assert list(merged(base, version, current, ConflictPolicy.CURRENT).resources) == current

    def test_made_by_both_unlike_names_what_differs(self) -> None:
        assert conflicts_of(merged([], [self.OLD], [self.NEW])) == [("x", "a", False)]

    def test_what_one_side_removed_and_the_others_new_resource_needs_is_a_conflict(self) -> None:
        base = [queue("q1")]
        version = [queue("q1"), user_of_queue("q1")]

        assert conflicts_of(merged(base, version, [])) == [("jobs", "", False)]
        wins = merged(base, version, [], ConflictPolicy.VERSION)
        assert {found.name for found in wins.resources} == {"jobs", "user"}
        assert conflicts_of(merged(base, version, [], ConflictPolicy.CURRENT)) == [("jobs", "", False)]


class TestProperties:
    def test_each_side_keeps_what_it_changed(self) -> None:
        found = merged([topic("x", a=1, b=1)], [topic("x", a=2, b=1)], [topic("x", a=1, b=9)])

        assert inputs_of(found) == {"x": {"a": 2, "b": 9}}

    def test_what_the_provider_filled_in_is_no_change(self) -> None:
        def with_default(value: str, **given: Any) -> RecordedResource:
            return topic("x", arn=value, **{PROVIDER_DEFAULTS: ["arn"]}, **given)

        found = merged([with_default("x-1", a=1)], [with_default("x-2", a=2)], [with_default("x-3", a=1)])

        assert found.conflicts == ()
        assert inputs_of(found)["x"]["a"] == 2

    def test_stack_outputs_are_merged_and_named(self) -> None:
        found = merged([stack(a=1, b=1)], [stack(a=2, b=1)], [stack(a=1, b=9)])
        assert [dict(found.outputs) for found in found.resources] == [{"a": 2, "b": 9}]

        found = merged([stack(a=1)], [stack(a=2)], [stack(a=3)])
        assert conflicts_of(found) == [("shop-dev", "outputs.a", False)]

    def test_options_are_merged_and_named(self) -> None:
        base, protected = topic("x"), replace(topic("x"), protect=True)
        ignoring = replace(topic("x"), ignore_changes=("tags",))
        ignoring_more = replace(topic("x"), ignore_changes=("tags", "name"))

        (found,) = merged([base], [ignoring], [protected]).resources
        assert (found.protect, found.ignore_changes) == (True, ("tags",))
        assert conflicts_of(merged([base], [ignoring], [ignoring_more])) == [("x", "options.ignore_changes", False)]

    def test_a_provider_changed_on_one_side_is_followed(self) -> None:
        east, west = (resource("pulumi:providers:aws", name, id=f"{name}-id") for name in ("east", "west"))
        in_east = replace(topic("x", a=1), provider=f"{east.urn}::east-id")
        in_west = replace(in_east, provider=f"{west.urn}::west-id")

        found = merged([east, in_east], [east, in_east], [east, west, in_west])

        assert [found.provider_urn for found in found.resources if found.type == TOPIC] == [west.urn]

    def test_a_provider_that_is_needed_stays_although_one_side_has_no_use_for_it_any_more(self) -> None:
        older, newer = (resource("pulumi:providers:aws", name, id=f"{name}-id") for name in ("default_1", "default_2"))
        by_older, added = (replace(topic(name), provider=f"{older.urn}::default_1-id") for name in ("x", "added"))
        by_newer = replace(topic("x"), provider=f"{newer.urn}::default_2-id")

        found = merged([older, by_older], [older, by_older, added], [newer, by_newer])

        assert found.conflicts == ()
        assert {r.name: r.provider_urn for r in found.resources if not r.is_provider} == {
            "x": newer.urn,
            "added": older.urn,
        }
        assert {r.name for r in found.resources if r.is_provider} == {"default_1", "default_2"}

    def test_what_the_engine_keeps_of_a_providers_plugin_stays(self) -> None:
        def provider(region: str, plugin: str) -> RecordedResource:
            internal = {ENGINE_INTERNAL: {"pluginDownloadURL": plugin}}
            return resource("pulumi:providers:aws", "west", inputs={"region": region, **internal})

        (found,) = merged([provider("a", "old")], [provider("a", "old")], [provider("b", "new")]).resources

        assert found.inputs == {"region": "b", ENGINE_INTERNAL: {"pluginDownloadURL": "new"}}

    def test_a_resource_kept_by_the_rollback_without_its_links_gets_them_back(self) -> None:
        kept = replace(queue("q1"), dependencies=(), deleted_with="")
        version = replace(queue("q1"), dependencies=(urn(TOPIC, "x"),), deleted_with=urn(TOPIC, "x"))

        found = merged([], [topic("x"), version], [kept])

        assert found.conflicts == ()
        assert [r.deleted_with for r in found.resources if r.type == QUEUE] == [urn(TOPIC, "x")]


class TestWhatCameFromOutputs:
    def test_an_id_made_anew_is_no_change(self) -> None:
        found = merged(
            [queue("q1"), user_of_queue("q1", tier="a")],
            [queue("q1"), user_of_queue("q1", tier="b")],
            [queue("q2"), user_of_queue("q2", tier="a")],
        )

        assert found.conflicts == ()
        assert inputs_of(found)["user"] == {"value": "https://q1", "tier": "b"}

    def test_the_result_is_in_the_versions_terms(self) -> None:
        found = merged(
            [queue("q1")], [queue("q2")], [queue("q3"), user_of_queue("q3", "added"), stack(url="https://q3")]
        )

        assert inputs_of(found)["added"] == {"value": "https://q2"}
        assert next(found.outputs for found in found.resources if found.is_stack) == {"url": "https://q2"}

    def test_a_stack_output_that_was_made_anew_is_no_change(self) -> None:
        found = merged(
            [queue("q1"), stack(url="https://q1", a=1)],
            [queue("q1"), stack(url="https://q1", a=2)],
            [queue("q2"), stack(url="https://q2", a=1)],
        )

        assert found.conflicts == ()
        assert next(found.outputs for found in found.resources if found.is_stack) == {"url": "https://q1", "a": 2}

    def test_a_value_follows_the_side_it_is_from_to_what_it_depends_on(self) -> None:
        literal = resource(PARAMETER, "user", inputs={"value": "x"}, property_dependencies={"value": ()})

        (_, found) = merged(
            [queue("q1"), literal], [queue("q1"), literal], [queue("q1"), user_of_queue("q1")]
        ).resources

        assert found.property_dependencies == {"value": (urn(QUEUE, "jobs"),)}
        assert found.dependencies == (urn(QUEUE, "jobs"),)


class TestRenames:
    OLD = resource(TOPIC, "old", id="same", inputs={"a": 1})
    NEW = resource(TOPIC, "new", id="same", inputs={"a": 1})

    def test_renamed_by_the_version_and_changed_since(self) -> None:
        changed = replace(self.OLD, inputs={"a": 9})
        refers = component("c", outputs={"topic": {SIGNATURE: RESOURCE_REFERENCE, "urn": self.OLD.urn, "id": "same"}})

        found = merged([self.OLD], [self.NEW], [changed, replace(refers, dependencies=(self.OLD.urn,))])

        assert inputs_of(found) == {"new": {"a": 9}, "c": {}}
        (_, other) = found.resources
        assert (other.outputs["topic"]["urn"], other.dependencies) == (self.NEW.urn, (self.NEW.urn,))

    def test_renamed_since_and_changed_by_the_version(self) -> None:
        found = merged([self.OLD], [replace(self.OLD, inputs={"a": 2})], [self.NEW])

        assert inputs_of(found) == {"new": {"a": 2}}

    def test_renamed_apart_is_a_conflict(self) -> None:
        other = resource(TOPIC, "other", id="same", inputs={"a": 1})

        assert conflicts_of(merged([self.OLD], [self.NEW], [other])) == [("new", "name", False)]
        assert list(inputs_of(merged([self.OLD], [self.NEW], [other], ConflictPolicy.CURRENT))) == ["other"]

    def test_two_resources_of_one_name_are_never_taken_for_one(self) -> None:
        taken = resource(TOPIC, "new", id="another")

        found = merged([self.OLD], [self.NEW], [self.OLD, taken], ConflictPolicy.VERSION)

        assert ("new", "", False) in conflicts_of(found)


NAMES = ("a", "b", "c")
PROPERTIES = st.dictionaries(st.sampled_from(["p", "q"]), st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2))


@st.composite
def recordings(draw: st.DrawFn) -> list[RecordedResource]:
    resources = [
        resource(TOPIC, name, inputs=draw(PROPERTIES), protect=draw(st.booleans()))
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
    ]
    return [*resources, stack(**draw(PROPERTIES))]


def declared(resources: Sequence[RecordedResource]) -> dict[str, Any]:
    return {found.urn: (found.inputs, found.protect, found.outputs) for found in resources}


@given(recordings(), recordings(), st.sampled_from(ConflictPolicy))
def test_what_only_one_side_changed_is_the_result(
    base: list[RecordedResource], changed: list[RecordedResource], policy: ConflictPolicy
) -> None:
    assert merge(base, changed, base, policy) == Merge(tuple(changed), ())
    for found in (merge(base, base, changed, policy), merge(base, changed, changed, policy)):
        assert (declared(found.resources), found.conflicts) == (declared(changed), ())


@given(recordings(), recordings(), recordings(), st.sampled_from([ConflictPolicy.VERSION, ConflictPolicy.CURRENT]))
def test_merging_into_the_result_changes_nothing(
    base: list[RecordedResource],
    version: list[RecordedResource],
    current: list[RecordedResource],
    policy: ConflictPolicy,
) -> None:
    once = merge(base, version, current, policy)

    again = merge(base, version, once.resources, policy)

    assert declared(again.resources) == declared(once.resources)
