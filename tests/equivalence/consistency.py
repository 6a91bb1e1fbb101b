"""Turns a drawn or edited program into one that can be deployed: no reference dangles, what belongs together is in one
place, and no two resources are the same thing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tests.equivalence.kinds import KINDS
from tests.equivalence.model import (
    Alias,
    Attribute,
    Chain,
    Concatenation,
    Expression,
    JsonText,
    ListOf,
    Literal,
    MapOf,
    ProgramModel,
    Resource,
    SecretValue,
    parts_of,
)

WITH_TARGET = -1
"""Stands for the key of what a resource belongs to, until the program is made consistent."""
STRUCTURAL = {
    "function": ("role", "layers"),
    "subscription": ("topic", "endpoint"),
    "rule_target": ("rule", "arn"),
    "queue": ("redrive_policy",),
    "alarm": ("alarm_actions", "dimensions"),
}
"""Inputs that make no sense without what they refer to."""
NO_ARN = "arn:aws:sqs:us-east-1:123456789012:none"
"""In place of an ARN: policies are checked by AWS for having one."""
OPTIONAL = ("layers", "redrive_policy", "alarm_actions", "dimensions")

Known = Mapping[int, Resource]


def consistent(program: ProgramModel) -> ProgramModel:
    """The program with everything repaired, or left out, that the engine or AWS would refuse."""
    known: dict[int, Resource] = {}
    taken: set[object] = set()
    for resource in program.resources:
        repaired = _repaired(resource, known)
        if repaired is None:
            continue
        identity = _identity(repaired)
        if (identity is not None and identity in taken) or _races(repaired, known.values()):
            continue
        taken.add(identity)
        known[repaired.key] = repaired
    outputs = tuple((name, _without_dangling(value, known)) for name, value in program.outputs)
    return ProgramModel(tuple(known.values()), outputs)


def without_second_owners(versions: Sequence[ProgramModel]) -> tuple[ProgramModel, ...]:
    """The versions, without what is the same thing in AWS as another resource in an earlier one.

    The engine makes the new one before it deletes the old: the deletion takes away what both stand for, and a program
    doesn't lead to what it says.
    """
    owners: dict[object, tuple[int, int]] = {}

    def is_first(resource: Resource) -> bool:
        identity = _identity(resource)
        owner = (resource.key, resource.incarnation)
        return identity is None or owners.setdefault(identity, owner) == owner

    return tuple(
        consistent(replace(version, resources=tuple(resource for resource in version.resources if is_first(resource))))
        for version in versions
    )


def with_all_aliases(chain: Chain) -> tuple[ProgramModel, ...]:
    """The versions, each knowing what its resources are called in all the others.

    A replay recognises a renamed resource by its id; a program needs the alias for that.
    """
    names: dict[tuple[int, int], dict[Alias, None]] = {}
    for version in chain.versions:
        for resource in version.resources:
            names.setdefault((resource.key, resource.incarnation), {})[_called(resource)] = None
    return tuple(_aliased(version, names) for version in chain.versions)


def followed(before: ProgramModel, after: ProgramModel) -> ProgramModel:
    """The later of two versions, with those resources counted as new that are called something else without an
    alias."""
    called = {resource.key: resource for resource in before.resources}

    def counted(resource: Resource) -> Resource:
        known = called.get(resource.key)
        if known is None or _called(known) in (_called(resource), *resource.options.aliases):
            return resource
        options = replace(resource.options, aliases=())
        return replace(resource, options=options, incarnation=known.incarnation + 1)

    return replace(after, resources=tuple(counted(resource) for resource in after.resources))


def _called(resource: Resource) -> Alias:
    return Alias(resource.name, resource.options.parent)


def _aliased(version: ProgramModel, names: Mapping[tuple[int, int], Mapping[Alias, None]]) -> ProgramModel:
    known: dict[int, Resource] = {}
    for resource in version.resources:
        others = tuple(
            alias
            for alias in names[resource.key, resource.incarnation]
            if alias != _called(resource) and (alias.parent is None or alias.parent in known)
        )
        known[resource.key] = replace(resource, options=replace(resource.options, aliases=others))
    return replace(version, resources=tuple(known.values()))


def _repaired(resource: Resource, known: Known) -> Resource | None:
    facts = KINDS[resource.kind]
    structural = (*((facts.target,) if facts.target else ()), *STRUCTURAL.get(resource.kind, ()))
    inputs: list[tuple[str, Expression]] = []
    for name, value in resource.inputs:
        if name not in structural:
            inputs.append((name, _without_dangling(value, known)))
        elif _fits(resource, value, known):
            inputs.append((name, value))
        elif name not in OPTIONAL:
            return None
    repaired = _of_one_kind(replace(resource, inputs=tuple(inputs)))
    return _placed(repaired, known)


def _fits(resource: Resource, value: Expression, known: Known) -> bool:
    """Whether what a structural input refers to is there, and may be referred to by this resource."""
    referred = [known.get(part.key) for part in parts_of(value) if isinstance(part, Attribute)]
    for other in referred:
        if other is None:
            return False
        elsewhere = not KINDS[resource.kind].target and other.options.provider != resource.options.provider
        if other.kind in ("queue", "layer") and elsewhere:
            return False
        if resource.kind in ("subscription", "rule_target") and _is_fifo(other):
            return False
        if other.kind == resource.kind == "queue" and _is_fifo(other) != _is_fifo(resource):
            return False
    return bool(referred) or isinstance(value, Literal)


def _is_fifo(resource: Resource) -> bool:
    return any(name in ("fifo_queue", "fifo_topic") for name, _ in resource.inputs)


def _of_one_kind(resource: Resource) -> Resource:
    """A chosen name ends in `.fifo` where the queue or the topic is one."""

    def named(name: str, value: Expression) -> Expression:
        if name == "name" and isinstance(value, Literal) and isinstance(value.value, str):
            return Literal(value.value.removesuffix(".fifo") + (".fifo" if _is_fifo(resource) else ""))
        return value

    return replace(resource, inputs=tuple((name, named(name, value)) for name, value in resource.inputs))


def _placed(resource: Resource, known: Known) -> Resource:
    """With options that refer to what is there; beside what it belongs to, in the same region."""
    options = resource.options
    target = resource.input(KINDS[resource.kind].target)
    provider = options.provider if options.provider in known else None
    deleted_with = options.deleted_with
    if isinstance(target, Attribute):
        provider = known[target.key].options.provider
        deleted_with = target.key if deleted_with == WITH_TARGET else deleted_with
    return replace(
        resource,
        options=replace(
            options,
            parent=options.parent if options.parent in known else None,
            provider=provider,
            depends_on=tuple(key for key in options.depends_on if key in known),
            deleted_with=deleted_with if deleted_with in known else None,
            aliases=tuple(alias for alias in options.aliases if alias.parent is None or alias.parent in known),
        ),
    )


def _identity(resource: Resource) -> object:
    """What makes two resources the same thing in AWS, whatever they are called in the program."""
    if KINDS[resource.kind].alone:
        return resource.kind, resource.input(KINDS[resource.kind].target)
    if resource.kind == "subscription":
        return resource.kind, resource.input("topic"), resource.input("endpoint")
    return None


def _races(resource: Resource, others: Iterable[Resource]) -> bool:
    """Whether one of them reads what another one changes: what is read depends on which comes first."""
    return any(
        _target_of(resource) == _target_of(other) and _reads_or_changes(resource) != _reads_or_changes(other)
        for other in others
        if _reads_or_changes(resource) and _reads_or_changes(other)
    )


def _reads_or_changes(resource: Resource) -> str:
    facts = KINDS[resource.kind]
    return "reads" if facts.read_by else "changes" if facts.alone else ""


def _target_of(resource: Resource) -> int | None:
    target = resource.input(KINDS[resource.kind].target)
    return target.key if isinstance(target, Attribute) else None


def _without_dangling(expression: Expression, known: Known) -> Expression:
    match expression:
        case Attribute(key, name):
            there = key in known and name in KINDS[known[key].kind].attributes
            return expression if there else Literal(NO_ARN if name == "arn" else "none")
        case Concatenation(parts):
            return Concatenation(tuple(_without_dangling(part, known) for part in parts))
        case ListOf(items):
            return ListOf(tuple(_without_dangling(item, known) for item in items))
        case MapOf(members):
            return MapOf(tuple((name, _without_dangling(item, known)) for name, item in members))
        case JsonText(content):
            return JsonText(_without_dangling(content, known))
        case SecretValue(content):
            return SecretValue(_without_dangling(content, known))
    return expression
