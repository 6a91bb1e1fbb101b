"""The record of where values came from: small, the same for the same program, and no secret in it."""

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.links import Origin, ProgramLinks, ResourceLinks

LINKS = ProgramLinks(
    urns=("urn:a", "urn:b"),
    resources={
        "urn:b": ResourceLinks(inputs={"tags": (Origin(path=("x", 0), depends=(1,), source=0, output="arn"),)}),
        "urn:c": ResourceLinks(inputs={}, delete_before_replace=False, aliases=("urn:d",)),
        "urn:e": ResourceLinks(outputs={"literal": ()}),
    },
)


def test_what_was_written_is_read_again() -> None:
    assert ProgramLinks.parse(LINKS.document) == LINKS


def test_defaults_take_no_room() -> None:
    assert (
        ProgramLinks(resources={"urn:a": ResourceLinks(inputs={})}).document == b'{"resources":{"urn:a":{"inputs":{}}}}'
    )


def test_a_source_is_a_dependency_too() -> None:
    origin = Origin(depends=(1,), source=0)

    assert (LINKS.urns_of(origin), LINKS.source_of(origin)) == (frozenset({"urn:a", "urn:b"}), "urn:a")
    assert LINKS.source_of(Origin(depends=(1,))) == ""


@pytest.mark.parametrize("data", [b"", b"[]", b'{"of the future": 1}'])
def test_an_unreadable_one_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedSnapshot, match="can't be read"):
        ProgramLinks.parse(data)


def test_a_thousand_resources_are_a_few_hundred_kilobytes() -> None:
    urns = tuple(
        f"urn:pulumi:production::storefront::aws:lambda/function:Function::function-{n:04}" for n in range(1000)
    )
    origins = tuple(Origin(path=("variables", f"NAME_{n}"), source=n, output="name") for n in range(5))
    resources = {urn: ResourceLinks(inputs={"environment": origins, "role": (Origin(source=0),)}) for urn in urns}

    assert len(ProgramLinks(urns=urns, resources=resources).document) < 600_000
