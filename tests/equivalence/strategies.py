"""What Hypothesis draws: programs, and programs edited as people edit them between two deploys.

Every choice shrinks towards nothing: no resource, no edit, a literal instead of a reference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.equivalence.consistency import WITH_TARGET, consistent, followed
from tests.equivalence.kinds import KINDS
from tests.equivalence.model import (
    Alias,
    Attribute,
    Chain,
    Concatenation,
    Expression,
    FileOf,
    FolderOf,
    JsonText,
    ListOf,
    Literal,
    MapOf,
    MembersOf,
    Numbers,
    Options,
    ProgramModel,
    Resource,
    SecretValue,
    TextOf,
    ZipOf,
)

MOST_RESOURCES = 8
MOST_ADDED = 3
REGIONS = ("us-west-2", "eu-west-1")
TRUST = (
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"}}],'
    '"Version":"2012-10-17"}'
)
TEXTS = st.sampled_from(
    ("v", "1", "true", "30", "shop", "orders-and-stock", "https://example.com/a?b=1&c=<d>", "naïve ☃", '{"a": 1}')
)
NUMBERS = st.sampled_from((30, 1, 2, 60, 0))
NUMERIC = ("version", "visibility_timeout_seconds", "source_code_size")
CONTENTS = st.sampled_from(("first", "second", "third"))
FUNCTIONS = st.sampled_from(("", "lambda v: v.split(':')[-1]", "lambda v: v.split('-')[0]", "str.upper"))


@dataclass(frozen=True)
class Before:
    """The resources that an expression may refer to."""

    resources: tuple[Resource, ...]

    def of(self, kind: str) -> list[int]:
        return [resource.key for resource in self.resources if resource.kind == kind]

    def attributes(self) -> list[Attribute]:
        return [
            Attribute(resource.key, name) for resource in self.resources for name in KINDS[resource.kind].attributes
        ]


def _one_in(count: int) -> st.SearchStrategy[bool]:
    return st.integers(0, count - 1).map(lambda drawn: drawn == count - 1)


def as_text(reference: Attribute) -> Attribute:
    """What a program has to write where it needs a string of what may be a number."""
    return replace(reference, function="str") if reference.name in NUMERIC else reference


@st.composite
def texts(draw: st.DrawFn, before: Before) -> Expression:
    """A string, with or without references in it."""
    attributes = before.attributes()
    if not draw(_one_in(8)):
        # Numbers inside texts are rare, and rarely those that AWS counts up.
        attributes = [attribute for attribute in attributes if attribute.name not in NUMERIC] or attributes
    form = draw(st.integers(0, 11)) if attributes else 0
    if form <= 2:
        return Literal(draw(TEXTS))
    reference = as_text(draw(st.sampled_from(attributes)))
    if form <= 6:
        return reference
    if form <= 8:
        others = [as_text(draw(st.sampled_from(attributes)))] if draw(st.booleans()) else []
        return Concatenation((Literal(draw(TEXTS)), reference, *others, Literal("!")))
    if form == 9:
        return JsonText(draw(documents(before)))
    if form == 10:
        return SecretValue(Concatenation((Literal("key-"), reference)))
    if reference.name in ("arn", "id", "url"):
        return replace(reference, function=draw(FUNCTIONS))
    return SecretValue(Literal(draw(TEXTS)))


@st.composite
def documents(draw: st.DrawFn, before: Before) -> Expression:
    """A JSON value of any type, with references inside it."""
    form = draw(st.integers(0, 9))
    if form == 0:
        return Literal(draw(st.sampled_from((None, True, False, 0, 1, 1.5, -3, 2**40, "", "text"))))
    if form <= 3:
        return draw(texts(before))
    if form == 4 and before.attributes():
        return draw(st.sampled_from(before.attributes()))
    if form <= 5:
        return ListOf(tuple(draw(st.lists(documents(before), max_size=3))))
    if form <= 7:
        names = draw(st.lists(st.sampled_from(("url", "name", "Resource", "n", "a.b")), max_size=3, unique=True))
        return MapOf(tuple((name, draw(documents(before))) for name in names))
    if form == 8:
        return SecretValue(draw(documents(before)))
    return Numbers(draw(st.sampled_from((3, 400))))


def _literals(*values: str | float | bool) -> Callable[[Before], st.SearchStrategy[Expression]]:
    return lambda before: st.sampled_from(values).map(Literal)


def _tags(before: Before) -> st.SearchStrategy[Expression]:
    def maps(names: Sequence[str]) -> st.SearchStrategy[Expression]:
        return st.tuples(*(st.tuples(st.just(name), _tag(before)) for name in names)).map(MapOf)

    return st.lists(st.sampled_from(("team", "a.b/c", "stage")), max_size=2, unique=True).flatmap(maps)


def _tag(before: Before) -> st.SearchStrategy[Expression]:
    names = [as_text(attribute) for attribute in before.attributes() if attribute.name in ("name", "version")]
    literals: st.SearchStrategy[Expression] = st.sampled_from(("v", "1", "shop", "")).map(Literal)
    return st.one_of(literals, st.sampled_from(names)) if names else literals


def _attribute_of(kind: str, name: str) -> Callable[[Before], st.SearchStrategy[Expression]]:
    return lambda before: st.sampled_from(before.of(kind)).map(lambda key: Attribute(key, name))


def _arns(before: Before) -> st.SearchStrategy[Expression]:
    arns = [attribute for attribute in before.attributes() if attribute.name == "arn"]
    return st.sampled_from(arns) if arns else st.just(Literal("*"))


@st.composite
def _policies(draw: st.DrawFn, before: Before) -> Expression:
    first = draw(_arns(before))
    resource: Expression = first
    if draw(st.booleans()) and isinstance(first, Attribute):
        resource = ListOf((first, Concatenation((first, Literal("/*")))))
    statement = MapOf(
        (("Effect", Literal("Allow")), ("Action", Literal(draw(st.sampled_from(("s3:*", "sqs:*"))))),
         ("Resource", resource))
    )  # fmt: skip
    return JsonText(MapOf((("Version", Literal("2012-10-17")), ("Statement", ListOf((statement,))))))


@st.composite
def _redrives(draw: st.DrawFn, before: Before) -> Expression:
    content = (
        ("deadLetterTargetArn", draw(_attribute_of("queue", "arn")(before))),
        ("maxReceiveCount", Literal(draw(st.sampled_from((3, 4))))),
    )
    return JsonText(MapOf(content))


@st.composite
def _sources(draw: st.DrawFn, before: Before) -> Expression:
    content = draw(CONTENTS)
    return FileOf(content) if draw(st.booleans()) else TextOf(content)


@st.composite
def _codes(draw: st.DrawFn, before: Before) -> Expression:
    files = (("app.py", f"def handler(event, context): return {draw(CONTENTS)!r}\n"),)
    form = draw(st.integers(0, 3))
    if form == 0:
        return FolderOf((*files, ("pages/index.html", draw(CONTENTS))))
    if form == 1:
        return ZipOf(files)
    if form == 2:
        return MembersOf((("app.py", TextOf(files[0][1])), ("data.txt", FileOf(draw(CONTENTS)))))
    return MembersOf((("app.py", FileOf(files[0][1])), ("inner", FolderOf(files)), ("packed", ZipOf(files))))


@st.composite
def _environments(draw: st.DrawFn, before: Before) -> Expression:
    names = draw(st.lists(st.sampled_from(("URL", "TABLE", "VERSION")), max_size=2, unique=True))
    return MapOf((("variables", MapOf(tuple((name, draw(texts(before))) for name in names))),))


def _keyed(name: str) -> Expression:
    return MapOf((("name", Literal(name)), ("type", Literal("S"))))


@dataclass(frozen=True)
class Input:
    """One input of a kind: how its values are drawn, and one in how many resources has it (1: every one)."""

    name: str
    values: Callable[[Before], st.SearchStrategy[Expression]]
    one_in: int = 2
    needs: str = ""


INPUTS: dict[str, tuple[Input, ...]] = {
    "provider": (Input("region", _literals(*REGIONS), 1),),
    "group": (Input("setting", texts),),
    "queue": (
        Input("visibility_timeout_seconds", lambda before: NUMBERS.map(Literal)),
        Input("message_retention_seconds", _literals(60, 120), 3),
        Input("tags", _tags),
        Input("fifo_queue", _literals(True), 5),
        Input("redrive_policy", _redrives, 3, needs="queue"),
    ),
    "topic": (
        Input("display_name", texts),
        Input("tags", _tags, 3),
        Input("fifo_topic", _literals(True), 5),
    ),
    "parameter": (
        Input("type", _literals("String", "SecureString"), 1),
        Input("value", texts, 1),
        Input("description", _literals("a", "b"), 3),
        Input("tags", _tags, 3),
    ),
    "bucket": (Input("tags", _tags), Input("force_destroy", _literals(True), 1)),
    "object": (
        Input("bucket", _attribute_of("bucket", "id"), 1),
        Input("source", _sources, 1),
        Input("content_type", _literals("text/plain", "text/html"), 3),
    ),
    "role": (
        Input("assume_role_policy", _literals(TRUST), 1),
        Input("description", _literals("a", "b"), 3),
        Input("tags", _tags, 3),
    ),
    "role_policy": (Input("role", _attribute_of("role", "name"), 1), Input("policy", _policies, 1)),
    "function": (
        Input("role", _attribute_of("role", "arn"), 1),
        Input("runtime", _literals("python3.12"), 1),
        Input("handler", _literals("app.handler"), 1),
        Input("code", _codes, 1),
        Input("publish", _literals(True)),
        Input("timeout", _literals(3, 5), 3),
        Input("environment", _environments),
        Input("layers", lambda before: _attribute_of("layer", "arn")(before).map(lambda arn: ListOf((arn,))), 2,
              needs="layer"),
        Input("tags", _tags, 3),
    ),
    "function_alias": (
        Input("function_name", _attribute_of("function", "name"), 1),
        Input("function_version", _literals("$LATEST"), 1),
        Input("description", _literals("a", "b"), 3),
    ),
    "layer": (Input("code", _codes, 1), Input("description", _literals("a", "b"), 3)),
    "table": (
        Input("billing_mode", _literals("PAY_PER_REQUEST"), 1),
        Input("hash_key", _literals("id", "order"), 1),
        Input("tags", _tags),
    ),
    "log_group": (Input("retention_in_days", _literals(1, 7)),),
    "alarm": (
        Input("comparison_operator", _literals("GreaterThanThreshold"), 1),
        Input("evaluation_periods", _literals(1, 2), 1),
        Input("metric_name", _literals("Errors"), 1),
        Input("namespace", _literals("Shop"), 1),
        Input("period", _literals(60), 1),
        Input("statistic", _literals("Sum"), 1),
        Input("threshold", _literals(1, 2.5), 1),
        Input("alarm_actions", lambda before: _attribute_of("topic", "arn")(before).map(lambda arn: ListOf((arn,))),
              2, needs="topic"),
        Input("dimensions", lambda before: _attribute_of("queue", "name")(before).map(
            lambda name: MapOf((("QueueName", name),))), 2, needs="queue"),
    ),
    "rule": (
        Input("event_pattern", lambda before: texts(before).map(
            lambda text: JsonText(MapOf((("source", ListOf((text,))),)))), 1),
        Input("description", _literals("a", "b"), 3),
    ),
    "rule_target": (
        Input("rule", _attribute_of("rule", "name"), 1),
        Input("arn", _attribute_of("queue", "arn"), 1),
        Input("input", lambda before: documents(before).map(JsonText)),
    ),
    "subscription": (
        Input("topic", _attribute_of("topic", "arn"), 1),
        Input("protocol", _literals("sqs"), 1),
        Input("endpoint", _attribute_of("queue", "arn"), 1),
        Input("raw_message_delivery", _literals(True)),
    ),
    "queue_policy": (Input("queue_url", _attribute_of("queue", "url"), 1), Input("policy", _policies, 1)),
    "read_queue": (Input("id", _attribute_of("queue", "url"), 1),),
}  # fmt: skip
COMMON = ("parameter", "queue", "topic", "parameter", "function", "role", "bucket", "object", "group", "provider")


@st.composite
def _inputs(draw: st.DrawFn, kind: str, before: Before) -> tuple[tuple[str, Expression], ...]:
    drawn: list[tuple[str, Expression]] = []
    for described in INPUTS[kind]:
        if described.needs and not before.of(described.needs):
            continue
        if described.one_in == 1 or draw(_one_in(described.one_in)):
            drawn.append((described.name, draw(described.values(before))))
    if kind == "table":
        (key,) = [value.value for name, value in drawn if name == "hash_key" and isinstance(value, Literal)]
        drawn.append(("attributes", ListOf((_keyed(str(key)),))))
    if kind == "function_alias" and draw(st.booleans()):
        drawn = _following_version(drawn)
    return tuple(drawn)


def _following_version(drawn: list[tuple[str, Expression]]) -> list[tuple[str, Expression]]:
    given = dict(drawn)
    function = given["function_name"]
    if isinstance(function, Attribute):
        given["function_version"] = Attribute(function.key, "version")
    return list(given.items())


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
        case 8:
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
def _resources(draw: st.DrawFn, key: int, before: Before) -> Resource:
    kinds = [kind for kind in (*COMMON, *KINDS) if all(before.of(needed) for needed in KINDS[kind].needs)]
    kind = draw(st.sampled_from(kinds))
    facts = KINDS[kind]
    name = draw(st.sampled_from((f"{kind.replace('_', '-')}-{key}", f"{kind[0]}{key}")))
    inputs = draw(_inputs(kind, before))
    options = draw(_options(kind, before))
    if facts.name_input and not options.retain_on_delete and draw(_one_in(3)):
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
    resources: tuple[Resource, ...] = ()
    for key in range(draw(st.integers(1, MOST_RESOURCES))):
        resources = (*resources, draw(_resources(key, Before(resources))))
    return consistent(ProgramModel(resources, draw(_stack_outputs(Before(resources)))))


@st.composite
def _edited_resource(draw: st.DrawFn, resource: Resource, before: Before, turn: int) -> Resource | None:
    """What becomes of one resource from one version to the next; None: it goes."""
    edit = draw(st.integers(0, 11))
    facts = KINDS[resource.kind]
    if edit <= 3 or not all(before.of(needed) for needed in facts.needs):
        return resource
    if edit <= 6:
        return _with_inputs_of(resource, draw(_inputs(resource.kind, before)), draw(st.integers(0, 3)))
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
    return replace(resource, inputs=tuple({**fresh, **kept}.items()))


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
    for added in range(draw(st.integers(0, MOST_ADDED))):
        resources = (*resources, draw(_resources(next_key + added, Before(resources))))
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
    return Chain(tuple(versions), target, aliased_both_ways=draw(st.booleans()), tracked=not draw(_one_in(4)))
