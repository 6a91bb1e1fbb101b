"""What Hypothesis draws for the inputs of each kind of resource."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.equivalence.expressions import NUMBERS, Before, as_text, documents, one_in, texts
from tests.equivalence.model import (
    Attribute,
    Concatenation,
    Expression,
    FileOf,
    FolderOf,
    JsonText,
    ListOf,
    Literal,
    MapOf,
    MembersOf,
    TextOf,
    ZipOf,
)

REGIONS = ("us-west-2", "eu-west-1")
TRUST = (
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"}}],'
    '"Version":"2012-10-17"}'
)
CONTENTS = st.sampled_from(("first", "second", "third"))


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


@st.composite
def inputs_of(draw: st.DrawFn, kind: str, before: Before) -> tuple[tuple[str, Expression], ...]:
    drawn: list[tuple[str, Expression]] = []
    for described in INPUTS[kind]:
        if described.needs and not before.of(described.needs):
            continue
        if described.one_in == 1 or draw(one_in(described.one_in)):
            drawn.append((described.name, draw(described.values(before))))
    if kind == "table":
        drawn = list(with_key_attributes(tuple(drawn)))
    if kind == "function_alias" and draw(st.booleans()):
        drawn = _following_version(drawn)
    return tuple(drawn)


def with_key_attributes(table: tuple[tuple[str, Expression], ...]) -> tuple[tuple[str, Expression], ...]:
    """The inputs of a table with the attribute its key is made of, and no other: the provider refuses those."""
    (key,) = [value.value for name, value in table if name == "hash_key" and isinstance(value, Literal)]
    return (*(each for each in table if each[0] != "attributes"), ("attributes", ListOf((_keyed(str(key)),))))


def _following_version(drawn: list[tuple[str, Expression]]) -> list[tuple[str, Expression]]:
    given = dict(drawn)
    function = given["function_name"]
    if isinstance(function, Attribute):
        given["function_version"] = Attribute(function.key, "version")
    return list(given.items())
