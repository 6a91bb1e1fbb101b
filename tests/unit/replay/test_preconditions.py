"""Plugins, credentials and old artefacts: what is missing is refused, what isn't known is said."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.artefacts import Artefact
from rollback_plugin.replay.assets import PlacedAssets
from rollback_plugin.replay.goal import Goal, goal_of
from rollback_plugin.replay.plan import Action, Plan, Reason, Step
from rollback_plugin.replay.plugins import PluginFolder
from rollback_plugin.replay.preconditions import Cloud, Existence, Preconditions
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.requirements import Credentials, PluginRequirement
from tests.unit.replay.resources import TOPIC, resource, urn

ALIAS = "aws:lambda/alias:Alias"
AWS = "pulumi:providers:aws"


@dataclass
class AnsweringCloud:
    """AWS as the test says, and what it was asked."""

    credentials: bool = True
    answer: Existence = field(default_factory=lambda: Existence(True))
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def has_credentials(self, profile: str) -> bool:
        return self.credentials

    def existence(self, artefact: Artefact, profile: str) -> Existence:
        self.asked.append((artefact.name, artefact.region, profile))
        return self.answer


def preconditions(cloud: Cloud | None, **environ: str) -> Preconditions:
    return Preconditions(PluginFolder({"PULUMI_HOME": "/nowhere", "PATH": "/nowhere", **environ}), cloud)


def provider(**inputs: Any) -> RecordedResource:
    return resource(AWS, "default", inputs={"version": "7.51.1", "region": "eu-west-1", **inputs})


def alias() -> RecordedResource:
    reference = f"{urn(AWS, 'default')}::default-id"
    return resource(ALIAS, "live", provider=reference, inputs={"functionName": "orders", "functionVersion": "3"})


def goal(*resources: RecordedResource) -> Goal:
    return goal_of(list(resources), [], DataPolicy.KEEP)


def completed(cloud: Cloud | None, *resources: RecordedResource) -> Plan:
    made = Plan((Step(urn(ALIAS, "live"), ALIAS, Action.CREATE),), (), ())
    placed = PlacedAssets(bytes_by_hash={"a": 100, "b": 23})
    return preconditions(cloud).completed(made, goal(*resources), placed, [])


def test_an_artefact_that_is_there_is_not_mentioned() -> None:
    cloud = AnsweringCloud()

    plan = completed(cloud, provider(), alias())

    assert (plan.refusals, plan.remarks) == ((), ())
    assert cloud.asked == [("orders", "eu-west-1", "")]


def test_an_artefact_that_is_gone_is_refused_by_urn_and_property() -> None:
    (refusal,) = completed(AnsweringCloud(answer=Existence(False)), provider(), alias()).refusals

    assert (refusal.urn, refusal.property, refusal.reason) == (
        urn(ALIAS, "live"),
        "functionVersion",
        Reason.ARTEFACT_GONE,
    )
    assert "a published Lambda version or alias that no longer exists" in refusal.why
    assert "orders" not in refusal.why


@pytest.mark.parametrize(
    ("cloud", "made", "why"),
    [
        (AnsweringCloud(answer=Existence(None, "AWS answered AccessDenied")), provider(), "AWS answered AccessDenied"),
        (None, provider(), "AWS was not asked"),
        (AnsweringCloud(), provider(assumeRoles="[{}]"), "its provider has credentials of its own"),
    ],
)
def test_what_cannot_be_found_out_stops_nothing(cloud: Cloud | None, made: RecordedResource, why: str) -> None:
    plan = completed(cloud, made, alias())

    (remark,) = plan.remarks
    assert plan.refusals == ()
    assert remark.reason is Reason.ARTEFACT_UNCHECKED
    assert remark.text.endswith(why)


def test_the_providers_profile_is_asked_with() -> None:
    cloud = AnsweringCloud()

    completed(cloud, provider(profile="prod"), alias())

    assert cloud.asked == [("orders", "eu-west-1", "prod")]


def test_missing_credentials_are_refused() -> None:
    (refusal,) = preconditions(AnsweringCloud(credentials=False)).before_the_engine(goal(provider()))

    assert (refusal.urn, refusal.reason) == (urn(AWS, "default"), Reason.CREDENTIALS_MISSING)
    assert "AWS_PROFILE" in refusal.why


def test_a_provider_with_credentials_of_its_own_needs_no_others() -> None:
    nobody = preconditions(AnsweringCloud(credentials=False))

    assert list(nobody.before_the_engine(goal(provider(accessKey="x")))) == []


def test_a_missing_plugin_is_refused_at_once_where_the_engine_will_not_fetch_it() -> None:
    offline = preconditions(AnsweringCloud(), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")

    (refusal,) = offline.before_the_engine(goal(provider()))

    assert refusal.reason is Reason.PLUGIN_MISSING
    assert list(preconditions(AnsweringCloud()).before_the_engine(goal(provider()))) == []


@pytest.mark.parametrize(
    ("cloud", "made", "credentials"),
    [
        (AnsweringCloud(), [provider()], Credentials.FOUND),
        (AnsweringCloud(), [provider(assumeRoles="[{}]")], Credentials.OF_THE_PROVIDER),
        (AnsweringCloud(), [resource(TOPIC, "events")], Credentials.NOT_NEEDED),
        (None, [provider()], Credentials.NOT_CHECKED),
    ],
)
def test_a_plan_says_what_it_needs(
    cloud: Cloud | None, made: list[RecordedResource], credentials: Credentials, tmp_path: Path
) -> None:
    needs = completed(cloud, *made).needs

    assert (needs.assets, needs.asset_bytes, needs.estimate) == (2, 123, None)
    assert needs.credentials is credentials
    expected = (PluginRequirement("aws", "7.51.1", installed=False),) if made[0].is_provider else ()
    assert needs.plugins == expected


@pytest.mark.parametrize(
    ("action", "asked"), [(Action.CREATE, True), (Action.UPDATE, True), (Action.SAME, False), (Action.DELETE, False)]
)
def test_aws_has_to_say_of_artefacts_of_what_is_written(action: Action, asked: bool) -> None:
    made = Plan((Step(urn(ALIAS, "live"), ALIAS, action),), (), ())

    assert preconditions(None).asks_the_cloud(made, goal(provider(), alias())) is asked
