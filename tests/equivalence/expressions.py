"""What Hypothesis draws where a program has a value: texts and documents, with references to other resources' outputs.

Every choice shrinks towards nothing: a literal instead of a reference, an empty list instead of a full one.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.equivalence.kinds import KINDS
from tests.equivalence.model import (
    Attribute,
    Concatenation,
    Expression,
    JsonText,
    ListOf,
    Literal,
    MapOf,
    Numbers,
    Resource,
    SecretValue,
)

TEXTS = st.sampled_from(
    ("v", "1", "true", "30", "shop", "orders-and-stock", "https://example.com/a?b=1&c=<d>", "naïve ☃", '{"a": 1}')
)
NUMBERS = st.sampled_from((30, 1, 2, 60, 0))
NUMERIC = ("version", "visibility_timeout_seconds", "source_code_size")
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


def one_in(count: int) -> st.SearchStrategy[bool]:
    return st.integers(0, count - 1).map(lambda drawn: drawn == count - 1)


def as_text(reference: Attribute) -> Attribute:
    """What a program has to write where it needs a string of what may be a number."""
    return replace(reference, function="str") if reference.name in NUMERIC else reference


@st.composite
def texts(draw: st.DrawFn, before: Before) -> Expression:
    """A string, with or without references in it."""
    attributes = before.attributes()
    if not draw(one_in(8)):
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
