"""What Hypothesis draws: programs, and programs edited as people edit them between two deploys.

Every choice shrinks towards nothing: no resource, no edit.
"""

from dataclasses import replace

from hypothesis import strategies as st

from tests.equivalence.consistency import WITH_TARGET, consistent, followed, without_second_owners
from tests.equivalence.expressions import Before, documents, one_in
from tests.equivalence.inputs import inputs_of, with_key_attributes
from tests.equivalence.kinds import KINDS
from tests.equivalence.model import Alias, Chain, Expression, Literal, Options, ProgramModel, Resource

MOST_GROWN = 6
"""How often a program grows by a resource and what that needs."""
MOST_ADDED = 3
COMMON = (
    "parameter", "queue", "queue_policy", "read_queue", "topic", "subscription", "parameter", "role", "role_policy",
    "function", "function_alias", "rule", "rule_target", "bucket", "object", "group", "provider",
)  # fmt: skip
"""Each after what it needs, and so shrunk to that."""


@st.composite
def _options(draw: st.DrawFn, kind: str, before: Before) -> Options:
    """Resource options; most resources have none."""
    options = Options()
    facts = KINDS[kind]
    groups, providers = before.of("group"), before.of("provider")
    if groups and kind != "provider" and draw(st.booleans()):
        options = replace(options, parent=draw(st.sampled_from(groups)))
    if kind in ("provider", "group"):
        return options
    if providers and facts.regional and draw(st.booleans()):
        options = replace(options, provider=draw(st.sampled_from(providers)))
    if facts.read_by:
        return options
    form = draw(st.integers(0, 15))
    everyone = [r.key for r in before.resources if r.kind not in ("provider", "read_queue", "group")]
    match form:
        case 8 if draw(one_in(3)):
            # Often enough: where only a later version has it, nothing goes back, by program or by replay.
            return replace(options, protect=True)
        case 9 if not facts.alone:
            return replace(options, retain_on_delete=True)
        case 10 if facts.toggles:
            return replace(options, ignore_changes=(draw(st.sampled_from(facts.toggles)),))
        case 11 if facts.toggles:
            return replace(options, replace_on_changes=(draw(st.sampled_from(facts.toggles)),))
        case 12:
            return replace(options, delete_before_replace=True, timeout_minutes=5)
        case 13 if "arn" in facts.attributes:
            return replace(options, additional_secret_outputs=("arn",))
        case 14 if everyone:
            return replace(options, depends_on=(draw(st.sampled_from(everyone)),))
        case 15 if facts.target:
            return replace(options, deleted_with=WITH_TARGET)
    return options


@st.composite
def _grown(draw: st.DrawFn, resources: tuple[Resource, ...], key: int, most: int) -> tuple[Resource, ...]:
    """The resources and up to `most` more, each after what it needs that isn't there yet.

    key: of the first that is added; the others follow.
    """
    start = len(resources)
    for _ in range(most):
        grown = draw(_one_more(resources, key + len(resources) - start))
        if grown is None:
            break
        resources = grown
    return resources


@st.composite
def _one_more(draw: st.DrawFn, resources: tuple[Resource, ...], key: int) -> tuple[Resource, ...] | None:
    """None: enough. Drawn with the resource, so that shrinking can take out the two together."""
    if draw(st.integers(0, 9)) == 0:
        return None
    for kind in _with_needs(draw(st.sampled_from((*COMMON, *KINDS))), {resource.kind for resource in resources}):
        resources = (*resources, draw(_resources(kind, key, Before(resources))))
        key += 1
    return resources


def _with_needs(kind: str, there: set[str]) -> list[str]:
    missing: list[str] = []
    for needed in KINDS[kind].needs:
        if needed not in there:
            missing += _with_needs(needed, there | set(missing))
    return [*missing, kind]


@st.composite
def _resources(draw: st.DrawFn, kind: str, key: int, before: Before) -> Resource:
    facts = KINDS[kind]
    name = draw(st.sampled_from((f"{kind.replace('_', '-')}-{key}", f"{kind[0]}{key}")))
    inputs = draw(inputs_of(kind, before))
    options = draw(_options(kind, before))
    if facts.name_input and not options.retain_on_delete and draw(one_in(3)):
        fifo = ".fifo" if any(given in ("fifo_queue", "fifo_topic") for given, _ in inputs) else ""
        inputs = ((facts.name_input, Literal(f"chosen-{key}-1{fifo}")), *inputs)
    if kind == "layer":
        inputs = (("layer_name", Literal(f"layer-{key}")), *inputs)
    if kind == "object":
        inputs = (*inputs, ("key", Literal(f"{name}.txt")))
    return Resource(key, kind, name, inputs, options)


@st.composite
def _stack_outputs(draw: st.DrawFn, before: Before) -> tuple[tuple[str, Expression], ...]:
    names = draw(st.lists(st.sampled_from(("url", "arn", "version", "everything", "note")), max_size=3, unique=True))
    return tuple((name, draw(documents(before))) for name in names)


@st.composite
def programs(draw: st.DrawFn) -> ProgramModel:
    """A program that isn't related to any other."""
    resources = draw(_grown((), 0, MOST_GROWN))
    return consistent(ProgramModel(resources, draw(_stack_outputs(Before(resources)))))


@st.composite
def _edited_resource(draw: st.DrawFn, resource: Resource, before: Before, turn: int) -> Resource | None:
    """What becomes of one resource from one version to the next; None: it goes."""
    edit = draw(st.integers(0, 11))
    facts = KINDS[resource.kind]
    if edit <= 3 or not all(before.of(needed) for needed in facts.needs):
        return resource
    if edit <= 6:
        return _with_inputs_of(resource, draw(inputs_of(resource.kind, before)), draw(st.integers(0, 3)))
    if edit == 7:
        return resource if resource.options.protect else None
    if edit == 8:
        name = f"{resource.name}-v{turn}"
        here = Alias(resource.name, resource.options.parent)
        return replace(
            resource, name=name, options=replace(resource.options, aliases=(*resource.options.aliases, here))
        )
    if edit == 9 and not resource.options.protect and not facts.alone and not facts.target:
        return replace(resource, name=f"{resource.name}-v{turn}", inputs=_renamed_inputs(resource, turn))
    if edit == 10 and not resource.options.protect:
        return replace(resource, inputs=_renamed_inputs(resource, turn))
    options = draw(_options(resource.kind, before))
    if options.parent != resource.options.parent:
        here = Alias(resource.name, resource.options.parent)
        options = replace(options, aliases=(*resource.options.aliases, here))
    if options.retain_on_delete and resource.input(facts.name_input) is not None:
        options = replace(options, retain_on_delete=False)
    return replace(resource, options=options)


def _with_inputs_of(resource: Resource, drawn: tuple[tuple[str, Expression], ...], keep: int) -> Resource:
    """The resource with newly drawn inputs, but for the one at `keep`, and for how it is called."""
    kept = {
        name: value
        for position, (name, value) in enumerate(resource.inputs)
        if position == keep
        or name in ("name", "bucket", "key", "layer_name", "fifo_queue", "fifo_topic", KINDS[resource.kind].target)
    }
    fresh = {name: value for name, value in drawn if name not in ("fifo_queue", "fifo_topic") or "name" not in kept}
    inputs = tuple({**fresh, **kept}.items())
    return replace(resource, inputs=with_key_attributes(inputs) if resource.kind == "table" else inputs)


def _renamed_inputs(resource: Resource, turn: int) -> tuple[tuple[str, Expression], ...]:
    """Inputs with another physical name, where one was chosen."""

    def renamed(name: str, value: Expression) -> Expression:
        named = name in (KINDS[resource.kind].name_input, "layer_name")
        if named and isinstance(value, Literal) and isinstance(value.value, str):
            stem, dot, suffix = value.value.partition(".")
            return Literal(f"{stem.rpartition('-')[0]}-{turn}{dot}{suffix}")
        return value

    return tuple((name, renamed(name, value)) for name, value in resource.inputs)


@st.composite
def edited(draw: st.DrawFn, program: ProgramModel, turn: int, next_key: int) -> ProgramModel:
    """The next version of a program."""
    resources: tuple[Resource, ...] = ()
    for resource in program.resources:
        changed = draw(_edited_resource(resource, Before(resources), turn))
        if changed is not None:
            resources = (*resources, changed)
    resources = draw(_grown(resources, next_key, draw(st.integers(0, MOST_ADDED))))
    before = Before(resources)
    outputs = [pair for pair in program.outputs if draw(st.integers(0, 4)) != 4]
    taken = {name for name, _ in outputs}
    outputs += [pair for pair in draw(_stack_outputs(before)) if pair[0] not in taken]
    return followed(program, consistent(ProgramModel(resources, tuple(outputs))))


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Mostly two versions, sometimes up to five; mostly back to the first, sometimes to one in between."""
    count = draw(st.sampled_from((*[2] * 12, 3, 3, 4, 5)))
    versions = [draw(programs())]
    for turn in range(2, count + 1):
        versions.append(draw(edited(versions[-1], turn, 100 * turn)))
    target = draw(st.integers(0, count - 2))
    versions_of_one = without_second_owners(versions)
    return Chain(versions_of_one, target, aliased_both_ways=draw(st.booleans()), tracked=not draw(one_in(4)))
