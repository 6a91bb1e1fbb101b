"""Whether everything is there that re-applying a version needs from outside the snapshot: plugins, credentials, old
artefacts; and how much of it."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from rollback_plugin.backend.updates import Update
from rollback_plugin.replay.artefacts import Artefact, Reference, references
from rollback_plugin.replay.assets import PlacedAssets
from rollback_plugin.replay.estimate import estimate_of
from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.plan import Action, Plan, Reason, Refusal, Remark
from rollback_plugin.replay.plugins import PluginFolder
from rollback_plugin.replay.property_values import path_text, unwrapped
from rollback_plugin.replay.recorded import PROVIDER_TYPE_PREFIX, RecordedResource
from rollback_plugin.replay.requirements import Credentials, Requirements

AWS_PROVIDER_TYPE = f"{PROVIDER_TYPE_PREFIX}aws"
# Inputs of the provider by which it becomes somebody else than the environment says
# (https://www.pulumi.com/registry/packages/aws/installation-configuration/).
OWN_CREDENTIALS = (
    "accessKey",
    "assumeRoles",
    "assumeRoleWithWebIdentity",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "token",
)
QUESTIONS_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether something is in AWS; `there` is None where AWS doesn't say, and `why` is what it said instead."""

    there: bool | None
    why: str = ""


class Cloud(Protocol):
    """What a plan asks of AWS."""

    def has_credentials(self, profile: str) -> bool:
        """Whether there are any, of a profile or, where that is empty, of the environment."""
        ...

    def existence(self, artefact: Artefact, profile: str) -> Existence:
        """Whether the artefact is there. Raises nothing: what can't be found out is the answer."""
        ...


class Preconditions:
    """Looks for all of it."""

    def __init__(self, plugins: PluginFolder, cloud: Cloud | None) -> None:
        """cloud: None where AWS isn't to be asked; what it would be asked is then left open."""
        self._plugins = plugins
        self._cloud = cloud

    def before_the_engine(self, goal: Goal) -> Iterator[Refusal]:
        """What is certain to be in the way: plugins that the engine doesn't fetch, credentials that nobody has."""
        if not self._plugins.fetches_missing:
            yield from self._plugins.refusals(registration.resource for registration in goal.registrations)
        for provider in _aws_providers(goal):
            if self._credentials(provider) is Credentials.MISSING:
                yield Refusal(
                    provider.urn,
                    "",
                    "no AWS credentials are found for it; give them as for `pulumi up`: AWS_PROFILE, AWS_ACCESS_KEY_ID"
                    " and AWS_SECRET_ACCESS_KEY, or a role of the machine",
                    Reason.CREDENTIALS_MISSING,
                )

    def missing_plugins(self, goal: Goal) -> tuple[Refusal, ...]:
        """The plugins that aren't there, once the engine had the chance to fetch them."""
        return tuple(self._plugins.refusals(registration.resource for registration in goal.registrations))

    def asks_the_cloud(self, plan: Plan, goal: Goal) -> bool:
        """Whether AWS has to say of old artefacts that they are there."""
        return bool(references(goal, plan.steps))

    def completed(self, plan: Plan, goal: Goal, placed: PlacedAssets, updates: Sequence[Update]) -> Plan:
        """The plan with what it needs, and what of that is gone."""
        refusals, remarks = self._artefacts(goal, plan)
        return replace(
            plan,
            refusals=(*plan.refusals, *refusals),
            remarks=(*plan.remarks, *remarks),
            needs=self._needs(plan, goal, placed, updates),
        )

    def _needs(self, plan: Plan, goal: Goal, placed: PlacedAssets, updates: Sequence[Update]) -> Requirements:
        states = {self._credentials(provider) for provider in _aws_providers(goal)}
        worst_first = (
            Credentials.MISSING,
            Credentials.NOT_CHECKED,
            Credentials.OF_THE_PROVIDER,
            Credentials.FOUND,
        )
        changes = sum(step.action not in (Action.SAME, Action.KEEP) for step in plan.steps)
        return Requirements(
            assets=len(placed.bytes_by_hash),
            asset_bytes=sum(placed.bytes_by_hash.values()),
            plugins=self._plugins.required_by(registration.resource for registration in goal.registrations),
            credentials=next((state for state in worst_first if state in states), Credentials.NOT_NEEDED),
            estimate=estimate_of(updates, changes),
        )

    def _credentials(self, provider: RecordedResource) -> Credentials:
        if _acts_as_somebody_else(provider):
            return Credentials.OF_THE_PROVIDER
        if self._cloud is None:
            return Credentials.NOT_CHECKED
        return Credentials.FOUND if self._cloud.has_credentials(_profile(provider)) else Credentials.MISSING

    def _artefacts(self, goal: Goal, plan: Plan) -> tuple[list[Refusal], list[Remark]]:
        needed = references(goal, plan.steps)
        if not needed:
            return [], []
        providers = {provider.urn: provider for provider in _aws_providers(goal)}
        with ThreadPoolExecutor(QUESTIONS_AT_A_TIME, thread_name_prefix="artefacts") as pool:
            answers = list(pool.map(lambda reference: self._existence(reference, providers), needed))
        refusals, remarks = [], []
        for reference, answer in zip(needed, answers, strict=True):
            what, place = reference.artefact.kind.value, path_text(reference.path)
            if answer.there is None:
                text = f"{place} refers to {what}, and it isn't known whether that still exists: {answer.why}"
                remarks.append(Remark(reference.urn, text, Reason.ARTEFACT_UNCHECKED))
            elif not answer.there:
                why = (
                    f"it refers to {what} that no longer exists; make it again under that name, or deploy that"
                    " version's program"
                )
                refusals.append(Refusal(reference.urn, place, why, Reason.ARTEFACT_GONE))
        return refusals, remarks

    def _existence(self, reference: Reference, providers: Mapping[str, RecordedResource]) -> Existence:
        provider = providers.get(reference.provider_urn)
        if self._cloud is None:
            return Existence(None, "AWS was not asked")
        if provider is not None and _acts_as_somebody_else(provider):
            return Existence(None, "its provider has credentials of its own")
        artefact = reference.artefact
        if not artefact.region and provider is not None:
            artefact = replace(artefact, region=_text(provider, "region"))
        return self._cloud.existence(artefact, _profile(provider) if provider is not None else "")


def _aws_providers(goal: Goal) -> list[RecordedResource]:
    return [r.resource for r in goal.registrations if r.resource.type == AWS_PROVIDER_TYPE]


def _acts_as_somebody_else(provider: RecordedResource) -> bool:
    return any(unwrapped(provider.inputs.get(name)) for name in OWN_CREDENTIALS)


def _profile(provider: RecordedResource) -> str:
    return _text(provider, "profile")


def _text(provider: RecordedResource, name: str) -> str:
    return str(unwrapped(provider.inputs.get(name)) or "")
