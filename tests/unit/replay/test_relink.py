"""Relinking: which recorded values follow an output that changed, which stay, and where it refuses to guess."""

from collections.abc import Mapping
from typing import Any

import pytest

from rollback_plugin.replay.property_values import SECRET, SIGNATURE, UNKNOWN, secret
from rollback_plugin.replay.relink import (
    LiveOutput,
    live_outputs,
    relink_output,
    relink_property,
    table_of,
    table_of_origins,
)

ARN = "arn:aws:lambda:fn:orders"
FUNCTION = "urn:pulumi:dev::shop::aws:lambda/function:Function::orders"
QUEUE = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"


def outputs(
    urn: str,
    recorded: Mapping[str, Any],
    live: Mapping[str, Any],
    *,
    given: Mapping[str, Any] | None = None,
    known: bool = True,
) -> tuple[LiveOutput, ...]:
    return live_outputs(urn, recorded, live, given or {}, known=known)


republished = outputs(
    FUNCTION,
    {
        "id": "orders",
        "version": "1",
        "arn": "arn:aws:lambda:fn:orders",
        "qualifiedArn": "arn:aws:lambda:fn:orders:1",
    },
    {
        "id": "orders",
        "version": "3",
        "arn": "arn:aws:lambda:fn:orders",
        "qualifiedArn": "arn:aws:lambda:fn:orders:3",
    },
)
remade = outputs(
    QUEUE,
    {
        "id": "https://sqs/1/jobs-aaaaaaa",
        "name": "jobs-aaaaaaa",
        "arn": "arn:sqs:jobs-aaaaaaa",
        "maxSize": 2048,
    },
    {
        "id": "https://sqs/1/jobs-bbbbbbb",
        "name": "jobs-bbbbbbb",
        "arn": "arn:sqs:jobs-bbbbbbb",
        "maxSize": 4096,
    },
)


@pytest.mark.parametrize(
    ("key", "recorded", "live"),
    [
        pytest.param("functionVersion", "1", "3", id="a short value that is the whole property follows"),
        pytest.param("target", f"{ARN}:1", f"{ARN}:3", id="an equal value follows"),
        pytest.param("target", ARN, ARN, id="an unchanged value stays"),
        pytest.param("stage", "production", "production", id="a literal stays"),
        pytest.param("names", ["x", "jobs-aaaaaaa"], ["x", "jobs-bbbbbbb"], id="inside a list"),
        pytest.param("env", {"vars": {"Q": "jobs-aaaaaaa"}}, {"vars": {"Q": "jobs-bbbbbbb"}}, id="inside a map"),
        pytest.param("policy", '{"R":"arn:sqs:jobs-aaaaaaa"}', '{"R":"arn:sqs:jobs-bbbbbbb"}', id="inside JSON text"),
        pytest.param(
            "url",
            "see jobs-aaaaaaa and https://sqs/1/jobs-aaaaaaa!",
            "see jobs-bbbbbbb and https://sqs/1/jobs-bbbbbbb!",
            id="the longest output first",
        ),
        pytest.param("token", secret("jobs-aaaaaaa"), secret("jobs-bbbbbbb"), id="a secret stays secret"),
        pytest.param("limit", 2048, 4096, id="a number that is the whole property follows"),
        pytest.param("enabled", True, True, id="a boolean is never followed"),
        pytest.param(
            "routing",
            {"functionVersion": "1"},
            {"functionVersion": "3"},
            id="a short value under a key named like the output follows",
        ),
        pytest.param("note", "version 1 of it", "version 1 of it", id="a short value inside a string stays"),
        pytest.param("nothing", None, None, id="null stays"),
    ],
)
def test_a_property_follows_the_outputs_it_depends_on(key: str, recorded: Any, live: Any) -> None:
    relinked = relink_property(key, recorded, table_of([republished, remade]))

    assert relinked.value == live
    assert relinked.conflicts == ()


@pytest.mark.parametrize(("text", "followed"), [("1", "3"), ("2", "2"), ("v1", "v1")])
def test_a_number_is_followed_into_a_text_that_is_all_of_it(text: str, followed: str) -> None:
    counted = outputs(FUNCTION, {"version": 1.0}, {"version": 3.0})

    assert relink_property("stage", text, table_of([counted])).value == followed


def test_a_value_that_nothing_it_depends_on_puts_out_stays() -> None:
    assert relink_property("functionVersion", "1", table_of([remade])).value == "1"


def test_a_short_value_deep_inside_that_may_be_a_literal_is_refused() -> None:
    relinked = relink_property("environment", {"variables": {"RETRIES": "1"}}, table_of([republished]))

    assert [str(conflict) for conflict in relinked.conflicts] == [
        f"environment.variables.RETRIES: may or may not come from version of {FUNCTION}, which changed"
    ]


def test_two_outputs_that_were_equal_and_differ_now_are_refused() -> None:
    other = outputs(FUNCTION + "-other", {"version": "1"}, {"version": "2"})

    relinked = relink_property("functionVersion", "1", table_of([republished, other]))

    assert "differ now" in str(relinked.conflicts[0])
    assert relinked.value == "1"


def test_of_equal_outputs_that_differ_now_the_one_named_like_the_property_is_followed() -> None:
    both = outputs(FUNCTION, {"version": "1", "revision": "1"}, {"version": "3", "revision": "9"})

    assert relink_property("functionVersion", "1", table_of([both])).value == "3"


def test_equal_outputs_that_are_still_equal_are_no_conflict() -> None:
    named_alike = outputs(
        QUEUE, {"id": "jobs-aaaaaaa", "name": "jobs-aaaaaaa"}, {"id": "jobs-bbbbbbb", "name": "jobs-bbbbbbb"}
    )

    assert relink_property("queue", "jobs-aaaaaaa", table_of([named_alike])).value == "jobs-bbbbbbb"


def test_a_changed_output_that_equals_an_unchanged_one_is_refused() -> None:
    unchanged = outputs(QUEUE, {"label": "jobs-aaaaaaa"}, {"label": "jobs-aaaaaaa"})

    assert relink_property("target", "jobs-aaaaaaa", table_of([remade, unchanged])).conflicts


def test_an_output_that_is_gone_is_refused_where_it_is_needed() -> None:
    gone = outputs(FUNCTION, {"url": "https://orders.example"}, {})

    assert "is gone" in str(relink_property("target", "https://orders.example", table_of([gone])).conflicts[0])
    assert not relink_property("target", "something else", table_of([gone])).conflicts


@pytest.mark.parametrize("recorded", ["jobs-aaaaaaa", "prefix/jobs-aaaaaaa"])
def test_during_a_preview_what_follows_an_unknown_output_is_unknown(recorded: str) -> None:
    unknown = outputs(QUEUE, {"id": "q", "name": "jobs-aaaaaaa"}, {"id": "q"}, known=False)

    relinked = relink_property("target", recorded, table_of([unknown]))

    assert relinked.value == UNKNOWN
    assert relinked.conflicts == ()


def test_an_unknown_object_makes_everything_in_it_unknown() -> None:
    (inner,) = outputs(QUEUE, {"settings": {"name": "jobs-aaaaaaa"}}, {"settings": UNKNOWN}, known=True)

    assert inner.live == UNKNOWN


def test_a_resource_reference_gets_the_live_id() -> None:
    reference = {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": QUEUE, "id": "https://sqs/1/jobs-aaaaaaa"}

    assert relink_property("queue", reference, table_of([remade])).value == {
        **reference,
        "id": "https://sqs/1/jobs-bbbbbbb",
    }


def test_an_asset_is_left_alone() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "h", "text": "jobs-aaaaaaa"}

    assert relink_property("source", asset, table_of([remade])).value == asset


def test_what_a_preview_can_not_say_of_a_resource_counts_as_what_it_can() -> None:
    made_again = outputs(
        QUEUE,
        {"region": "eu-west-1", "bucketRegion": "eu-west-1"},
        {"region": "eu-west-1", "bucketRegion": UNKNOWN},
        known=False,
    )

    relinked = relink_property("value", "in eu-west-1", table_of([made_again]))

    assert (relinked.value, relinked.conflicts) == (UNKNOWN, ())


class TestWhatSeveralResourcesCanNotSayYet:
    """Two first versions, "1" and "1", may come out as 2 and 3: the plan has to say so, as the update can't stop."""

    first = outputs(FUNCTION, {"version": "1"}, {"version": UNKNOWN}, known=False)
    second = outputs(FUNCTION.replace("orders", "payments"), {"version": "1"}, {"version": UNKNOWN}, known=False)
    alias = outputs(
        FUNCTION.replace("orders", "live"), {"version": "1"}, {"version": UNKNOWN}, given={"version": "1"}, known=False
    )

    def test_a_short_value_that_may_come_from_either_is_a_conflict(self) -> None:
        every = table_of_origins([self.first, self.second])

        (conflict,) = relink_output("version", "1", every, every).conflicts

        assert "version of urn:pulumi:dev::shop::aws:lambda/function:Function::payments" in str(conflict)
        assert str(conflict).endswith("which may differ once they are made")
        assert relink_property("version", "1", table_of([self.first, self.second])).conflicts

    def test_the_resource_named_in_the_key_settles_it(self) -> None:
        every = table_of_origins([self.first, self.second])

        relinked = relink_output("ordersVersion", "1", every, every)

        assert (relinked.value, relinked.conflicts) == (UNKNOWN, ())

    @pytest.mark.parametrize("name", ["version", "aliasedVersion"])
    def test_one_that_repeats_the_other_is_the_same_value(self, name: str) -> None:
        relinked = relink_property(name, "1", table_of([self.first, self.alias]))

        assert (relinked.value, relinked.conflicts) == (UNKNOWN, ())

    def test_a_long_value_is_no_coincidence(self) -> None:
        region = outputs(FUNCTION, {"region": "eu-west-1"}, {"region": UNKNOWN}, known=False)
        other = outputs(QUEUE, {"region": "eu-west-1"}, {"region": UNKNOWN}, known=False)
        every = table_of_origins([region, other])

        relinked = relink_output("region", "eu-west-1", every, every)

        assert (relinked.value, relinked.conflicts) == (UNKNOWN, ())


class TestOutputsOfComponentsAndStacks:
    """No dependencies are recorded for them, so they are looked for among all resources, with more care."""

    def test_a_long_value_follows(self) -> None:
        every = table_of_origins([republished, remade])

        assert (
            relink_output("queueUrl", "https://sqs/1/jobs-aaaaaaa", every, every).value == "https://sqs/1/jobs-bbbbbbb"
        )

    def test_a_short_value_follows_an_output_its_key_is_named_after(self) -> None:
        every = table_of_origins([republished])

        assert relink_output("orders_version", "1", every, every).value == "3"

    def test_a_short_value_that_may_be_anything_stays_and_is_told(self) -> None:
        every = table_of_origins([republished])

        relinked = relink_output("release", "1", every, every)

        assert (relinked.value, relinked.conflicts) == ("1", ())
        assert [str(doubt) for doubt in relinked.doubts] == [
            f"release: may or may not come from version of {FUNCTION}, which changed"
        ]

    def test_of_two_resources_the_one_named_in_the_key_is_followed(self) -> None:
        other = outputs(FUNCTION.replace("orders", "payments"), {"version": "1"}, {"version": "2"})
        every = table_of_origins([other, republished])

        assert relink_output("ordersVersion", "1", every, every).value == "3"
        assert relink_output("paymentsVersion", "1", every, every).value == "2"
        assert relink_output("version", "1", every, every).conflicts

    def test_the_resources_below_the_component_decide_first(self) -> None:
        other = outputs(FUNCTION + "-other", {"version": "1"}, {"version": "2"})
        nearest, every = table_of_origins([republished]), table_of_origins([other, republished])

        assert relink_output("version", "1", nearest, every).value == "3"

    def test_what_the_resources_below_do_not_put_out_is_looked_for_everywhere(self) -> None:
        nearest, every = table_of_origins([republished]), table_of_origins([remade, republished])

        assert relink_output("queue", "jobs-aaaaaaa", nearest, every).value == "jobs-bbbbbbb"

    def test_a_resource_that_only_repeats_an_input_does_not_count(self) -> None:
        repeating = outputs(FUNCTION, {"retention": "1"}, {"retention": "1"}, given={"retention": "1"})
        every = table_of_origins([republished, repeating])

        assert relink_output("version", "1", every, every).value == "3"

    def test_nor_does_one_that_repeats_a_long_input_under_another_name(self) -> None:
        secret_arn = "arn:secrets:api-key"
        holder = outputs(QUEUE, {"id": secret_arn}, {"id": secret_arn})
        version = outputs(FUNCTION, {"arn": secret_arn}, {"arn": UNKNOWN}, given={"secretId": secret_arn}, known=False)
        every = table_of_origins([holder, version])

        relinked = relink_output("secretArn", secret_arn, every, every)

        assert (relinked.value, relinked.conflicts) == (secret_arn, ())

    def test_an_output_that_turned_out_otherwise_than_the_input_it_equalled_counts(self) -> None:
        given = {"engineVersion": "8.0.35.R1"}
        database = outputs(QUEUE, {"actual": "8.0.35.R1"}, {"actual": "8.0.35.R2"}, given=given)
        every = table_of_origins([database])

        assert relink_output("version", "8.0.35.R1", every, every).value == "8.0.35.R2"


def test_a_secret_output_is_compared_without_its_mark() -> None:
    changed = outputs(QUEUE, {"key": secret("old-secret-key")}, {"key": {SIGNATURE: SECRET, "value": "new-secret-key"}})

    assert relink_property("auth", secret("old-secret-key"), table_of([changed])).value == secret("new-secret-key")
