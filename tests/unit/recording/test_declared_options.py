"""Options that no checkpoint holds are kept by URN, aliases as URNs too."""

from collections.abc import Sequence
from typing import Any

import pytest
from pulumi.runtime.proto import alias_pb2

from rollback_plugin.recording.declared_options import OptionKeeper, with_options
from rollback_plugin.versions.links import ProgramLinks, ResourceLinks

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
SHOP = "urn:pulumi:dev::shop::shop:index:Shop::shop"
TOPIC = "aws:sns/topic:Topic"
EVENTS = f"urn:pulumi:dev::shop::{TOPIC}::events"


def noted(
    parent: str = STACK, delete_before_replace: bool | None = None, aliases: Sequence[alias_pb2.Alias] = ()
) -> OptionKeeper:
    keeper = OptionKeeper()
    keeper.note(parent, TOPIC, "events", delete_before_replace, aliases)
    return keeper


@pytest.mark.parametrize("stated", [True, False])
def test_what_is_stated_is_kept(stated: bool) -> None:
    (kept,) = noted(delete_before_replace=stated).by_urn.items()

    assert (kept[0], kept[1].delete_before_replace) == (EVENTS, stated)


def test_what_is_not_stated_takes_no_room() -> None:
    assert noted().by_urn == {}


def test_below_a_component_the_urn_has_its_type() -> None:
    assert set(noted(SHOP, delete_before_replace=True).by_urn) == {
        f"urn:pulumi:dev::shop::shop:index:Shop${TOPIC}::events"
    }


@pytest.mark.parametrize(
    ("parent", "alias", "urn"),
    [
        (STACK, {"urn": "urn:pulumi:dev::shop::a:b:C::x"}, "urn:pulumi:dev::shop::a:b:C::x"),
        (STACK, {"spec": {"name": "old"}}, f"urn:pulumi:dev::shop::{TOPIC}::old"),
        (STACK, {"spec": {"type": "a:b:C"}}, "urn:pulumi:dev::shop::a:b:C::events"),
        (STACK, {"spec": {"stack": "prod", "project": "store"}}, f"urn:pulumi:prod::store::{TOPIC}::events"),
        (STACK, {"spec": {"parentUrn": SHOP}}, f"urn:pulumi:dev::shop::shop:index:Shop${TOPIC}::events"),
        (SHOP, {"spec": {"name": "old"}}, f"urn:pulumi:dev::shop::shop:index:Shop${TOPIC}::old"),
        (SHOP, {"spec": {"noParent": True}}, EVENTS),
        (SHOP, {"spec": {"parentUrn": STACK}}, EVENTS),
    ],
)
def test_an_alias_is_kept_as_the_urn_that_the_engine_makes_of_it(parent: str, alias: dict[str, Any], urn: str) -> None:
    message = (
        alias_pb2.Alias(urn=alias["urn"])
        if "urn" in alias
        else alias_pb2.Alias(spec=alias_pb2.Alias.Spec(**alias["spec"]))
    )

    (declared,) = noted(parent, aliases=[message]).by_urn.values()

    assert declared.aliases == (urn,)


def test_options_join_what_else_is_known_of_a_resource() -> None:
    known = ProgramLinks(resources={EVENTS: ResourceLinks(inputs={})})
    remote = f"urn:pulumi:dev::shop::shop:index:Shop${TOPIC}::events"
    keeper = noted(delete_before_replace=True)
    keeper.note(SHOP, TOPIC, "events", False, ())

    joined = with_options(known, keeper.by_urn).resources

    assert joined[EVENTS] == ResourceLinks(inputs={}, delete_before_replace=True)
    assert joined[remote] == ResourceLinks(inputs=None, delete_before_replace=False)
