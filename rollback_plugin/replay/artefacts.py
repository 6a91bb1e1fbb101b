"""Old artefacts a version refers to, and that nothing in it makes: a published function version, an image, a secret
version. Whoever deploys next may remove them, and without them the version can't run again.

They are found by the shape of their names in the recorded inputs
(https://docs.aws.amazon.com/service-authorization/latest/reference/ has the ARNs of each service), embedded in longer
strings too. What a property got from a resource of the version itself is made with it, and relinked. Policies are left
out: to name something there doesn't need it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rollback_plugin.replay.goal import Goal
from rollback_plugin.replay.plan import Action, Step
from rollback_plugin.replay.property_values import PropertyPath, Value, as_the_program_gave_it, leaves, unwrapped
from rollback_plugin.replay.recorded import RecordedResource


class ArtefactKind(StrEnum):
    """What it is, as it stands in a sentence."""

    FUNCTION_VERSION = "a published Lambda version or alias"
    LAYER_VERSION = "a Lambda layer version"
    TASK_DEFINITION = "an ECS task definition"
    IMAGE = "a container image in ECR"
    SECRET_VERSION = "a version of a secret"  # noqa: S105 - words, not a secret


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something in AWS that has to exist. The names may have been secret where they stood, so they aren't printed."""

    kind: ArtefactKind
    name: str = field(repr=False)
    """A function's name or ARN, a layer's ARN without its version, a task definition as ECS takes it, a repository, a
    secret's ARN."""
    version: str = field(default="", repr=False)
    """A version or alias, a layer's version, `sha256:…` or a tag, a secret's version id. Empty for task definitions."""
    region: str = ""
    """Empty where only the provider knows."""
    account: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a version refers to an artefact."""

    urn: str
    path: PropertyPath
    artefact: Artefact
    provider_urn: str


_ARN = r"arn:aws[a-z-]*"
_PLACE = r"(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
_END = r"(?![\w*?-])"
_PATTERNS: Mapping[ArtefactKind, re.Pattern[str]] = {
    ArtefactKind.FUNCTION_VERSION: re.compile(
        rf"(?P<name>{_ARN}:lambda:{_PLACE}:function:[\w-]+):(?P<version>[\w-]+){_END}"
    ),
    ArtefactKind.LAYER_VERSION: re.compile(rf"(?P<name>{_ARN}:lambda:{_PLACE}:layer:[\w-]+):(?P<version>\d+){_END}"),
    ArtefactKind.TASK_DEFINITION: re.compile(rf"(?P<name>{_ARN}:ecs:{_PLACE}:task-definition/[\w-]+:\d+){_END}"),
    ArtefactKind.IMAGE: re.compile(
        r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[a-z0-9][a-z0-9._/-]*)"
        r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>\w[\w.-]*))"
    ),
    # name-and-suffix : key within a JSON secret : stage : version id, as ECS takes it
    # (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html)
    ArtefactKind.SECRET_VERSION: re.compile(
        rf"(?P<name>{_ARN}:secretsmanager:{_PLACE}:secret:[\w/+=.@-]+):[^:\s\"]*:[^:\s\"]*:(?P<version>[\w-]{{32,64}}){_END}"
    ),
}
# Resource types that name a function and one of its versions or aliases in two properties.
_QUALIFIED: Mapping[str, tuple[str, str]] = {
    "aws:lambda/alias:Alias": ("functionName", "functionVersion"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": ("functionName", "qualifier"),
    "aws:lambda/functionUrl:FunctionUrl": ("functionName", "qualifier"),
    "aws:lambda/invocation:Invocation": ("functionName", "qualifier"),
    "aws:lambda/permission:Permission": ("function", "qualifier"),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": ("functionName", "qualifier"),
}
_ALIAS = "aws:lambda/alias:Alias"
_ECS_SERVICE = "aws:ecs/service:Service"
_LATEST = "$LATEST"


def references(goal: Goal, steps: Sequence[Step]) -> tuple[Reference, ...]:
    """What has to exist for these steps, apart from what the goal itself makes: of a resource that is changed in place
    only what its differing properties refer to, of one that is made all of it."""
    found: list[Reference] = []
    makers = _Makers(goal)
    for step in steps:
        registration = makers.by_urn.get(step.urn)
        if registration is not None and step.action in (Action.CREATE, Action.REPLACE, Action.UPDATE):
            found.extend(_of_resource(makers, registration.resource, _differing(step)))
    return tuple(dict.fromkeys(found))


class _Makers:
    """What the resources of a goal make themselves."""

    def __init__(self, goal: Goal) -> None:
        self.by_urn = goal.by_urn
        self.aliases = frozenset(
            str(registration.resource.outputs.get("name"))
            for registration in goal.registrations
            if registration.resource.type == _ALIAS
        )
        self._children: dict[str, list[str]] = defaultdict(list)
        for registration in goal.registrations:
            self._children[registration.resource.parent].append(registration.resource.urn)

    def made_for(self, resource: RecordedResource, key: str) -> frozenset[str]:
        """The recorded outputs that relinking follows in this property: of the resources it depends on, and of those
        below them where they are components."""
        if resource.property_dependencies:
            sources = list(resource.property_dependencies.get(key, ()))
        else:
            sources = list(resource.dependencies)
        outputs: set[str] = set(self.aliases)
        while sources:
            urn = sources.pop()
            registration = self.by_urn.get(urn)
            if registration is None:
                continue
            outputs.update(leaf for _, leaf in leaves(dict(registration.resource.outputs)) if isinstance(leaf, str))
            if not registration.resource.custom:
                sources.extend(self._children[urn])
        return frozenset(outputs)


def _differing(step: Step) -> frozenset[str]:
    """Names of the properties that are written; empty for all."""
    if step.action is not Action.UPDATE:
        return frozenset()
    return frozenset(re.split(r"[.\[]", path, maxsplit=1)[0] for path in step.properties)


def _of_resource(makers: _Makers, resource: RecordedResource, differing: frozenset[str]) -> Iterator[Reference]:
    if resource.type.startswith("aws:iam/") or resource.external or not resource.custom:
        return
    inputs = unwrapped(as_the_program_gave_it(dict(resource.inputs)))
    for key, value in inputs.items():
        if (differing and key not in differing) or _only_mentions(key):
            continue
        made = makers.made_for(resource, key)
        for path, artefact in (
            *_named(key, value, made, makers.aliases),
            *_by_position(resource, inputs, key, value, made),
        ):
            yield Reference(resource.urn, path, artefact, resource.provider_urn)


def _only_mentions(key: str) -> bool:
    return key in ("tags", "description") or key.lower().endswith(("policy", "policydocument"))


def _named(
    key: str, value: Value, made: frozenset[str], aliases: frozenset[str]
) -> Iterator[tuple[PropertyPath, Artefact]]:
    for path, leaf in leaves(value, (key,)):
        if not isinstance(leaf, str):
            continue
        for kind, pattern in _PATTERNS.items():
            for match in pattern.finditer(leaf):
                if match.group() in made or leaf in made or match.groupdict().get("version") in aliases:
                    continue
                parts = match.groupdict()
                version = parts.get("version") or parts.get("digest") or parts.get("tag") or ""
                yield path, Artefact(kind, parts["name"], version, parts["region"], parts["account"])


def _by_position(
    resource: RecordedResource, inputs: Mapping[str, Value], key: str, value: Value, made: frozenset[str]
) -> Iterator[tuple[PropertyPath, Artefact]]:
    """References that only their property makes recognisable."""
    region = inputs.get("region") or resource.inputs.get("region") or ""
    function_key, version_key = _QUALIFIED.get(resource.type, ("", ""))
    function = inputs.get(function_key)
    if isinstance(function, str):
        if key == version_key and isinstance(value, str) and value not in made and value not in ("", _LATEST):
            yield (key,), Artefact(ArtefactKind.FUNCTION_VERSION, function, value, region)
        if resource.type == _ALIAS and key == "routingConfig" and isinstance(value, Mapping):
            for version in value.get("additionalVersionWeights") or {}:
                if version not in made:
                    path = (key, "additionalVersionWeights", version)
                    yield path, Artefact(ArtefactKind.FUNCTION_VERSION, function, version, region)
    is_task_definition = resource.type == _ECS_SERVICE and key == "taskDefinition" and isinstance(value, str)
    if is_task_definition and value not in made and re.fullmatch(r"[\w-]+:\d+", value):
        yield (key,), Artefact(ArtefactKind.TASK_DEFINITION, value, "", region)
