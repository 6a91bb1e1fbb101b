"""Filter patterns of CloudWatch Logs: which log events match, and which values they hold.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, of which these are imitated:
- no pattern: everything matches;
- terms, "quoted phrases", all of which must occur, -excluded ones, which must not, and ?optional ones, of which one
  must (not together with other terms); case-sensitive, anywhere in the message;
- { JSON conditions }: $.selectors with keys and [indexes], = and != on strings (with * at the ends) and numbers, < <=
  > >= on numbers, IS NULL, IS TRUE, IS FALSE, EXISTS, NOT EXISTS, && and || and parentheses. Space-delimited patterns
  [...] and regular expressions %...% raise UnsupportedPattern.
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Predicate = Callable[[str], bool]
JsonPredicate = Callable[[Any], bool]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_]+))(?=\s|$)')
_JSON_TOKEN = re.compile(
    r'\s*(?:(?P<symbol>&&|\|\||!=|<=|>=|[=<>()])|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r"|(?P<selector>\$(?:\.[\w-]+|\[\d+\])+)|(?P<word>[^\s&|!=<>()\"]+))"
)
_SELECTOR_PART = re.compile(r"\.([\w-]+)|\[(\d+)\]")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


class UnsupportedPattern(ValueError):
    """Not a filter pattern, or of a kind that is not imitated."""


def parse_filter_pattern(pattern: str) -> Predicate:
    """A predicate on log messages. Raises UnsupportedPattern."""
    stripped = pattern.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        condition = _JsonConditionParser(pattern, stripped[1:-1]).parse()
        return lambda message: _matches_json(condition, message)
    if stripped.startswith(("[", "%", "{")):
        raise UnsupportedPattern(
            f"filter pattern {pattern!r}: only terms and {{ JSON conditions }} are imitated, "
            "not space-delimited patterns and regular expressions"
        )
    return _parse_terms(pattern, stripped)


def numeric_field(selector: str, message: str) -> float | None:
    """The number at a JSON selector such as $.latency; None when there is none, as for messages that are not JSON."""
    value = text_field(selector, message)
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def text_field(selector: str, message: str) -> str | None:
    """The string or number at a JSON selector, as text; None when there is none."""
    value = _select(_parse_selector(selector), _parsed(message))
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value)


@dataclass(frozen=True)
class _Terms:
    required: tuple[str, ...]
    excluded: tuple[str, ...]
    optional: tuple[str, ...]

    def match(self, message: str) -> bool:
        return (
            all(term in message for term in self.required)
            and not any(term in message for term in self.excluded)
            and (not self.optional or any(term in message for term in self.optional))
        )


def _parse_terms(pattern: str, text: str) -> Predicate:
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise UnsupportedPattern(
                f"filter pattern {pattern!r}: {text[position:].strip()!r} has characters other than letters, digits "
                'and _; put it in double quotes ("")'
            )
        quoted, plain = term.group(2), term.group(3)
        terms[term.group(1)].append(_unescaped(quoted) if quoted is not None else plain)
        position = term.end()
    if terms["?"] and (terms[""] or terms["-"]):
        raise UnsupportedPattern(f"filter pattern {pattern!r}: ?optional terms together with other terms")
    return _Terms(tuple(terms[""]), tuple(terms["-"]), tuple(terms["?"])).match


def _unescaped(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)


class _JsonConditionParser:
    """Recursive descent: || binds looser than &&, parentheses tightest."""

    def __init__(self, pattern: str, condition: str) -> None:
        self._pattern = pattern
        self._tokens = self._tokenize(condition.rstrip())
        self._position = 0

    def parse(self) -> JsonPredicate:
        predicate = self._disjunction()
        if self._position < len(self._tokens):
            raise self._unsupported(self._tokens[self._position][1])
        return predicate

    def _tokenize(self, condition: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        while position < len(condition):
            token = _JSON_TOKEN.match(condition, position)
            if token is None or token.lastgroup is None:
                raise self._unsupported(condition[position:].strip())
            tokens.append((token.lastgroup, token.group(token.lastgroup)))
            position = token.end()
        return tokens

    def _disjunction(self) -> JsonPredicate:
        alternatives = [self._conjunction()]
        while self._accept("symbol", "||"):
            alternatives.append(self._conjunction())
        return lambda document: any(holds(document) for holds in alternatives)

    def _conjunction(self) -> JsonPredicate:
        conditions = [self._condition()]
        while self._accept("symbol", "&&"):
            conditions.append(self._condition())
        return lambda document: all(holds(document) for holds in conditions)

    def _condition(self) -> JsonPredicate:
        if self._accept("symbol", "("):
            predicate = self._disjunction()
            if not self._accept("symbol", ")"):
                raise self._unsupported("a parenthesis that is not closed")
            return predicate
        kind, selector = self._next()
        if kind != "selector":
            raise self._unsupported(selector)
        parts = _parse_selector(selector)
        test = self._test()
        return lambda document: test(_select(parts, document))

    def _test(self) -> JsonPredicate:
        kind, operation = self._next()
        if (kind, operation) == ("word", "EXISTS"):
            return lambda value: value is not _ABSENT
        if (kind, operation) == ("word", "NOT") and self._accept("word", "EXISTS"):
            return lambda value: value is _ABSENT
        if (kind, operation) == ("word", "IS"):
            constant = {"NULL": None, "TRUE": True, "FALSE": False}.get(self._next()[1], _ABSENT)
            if constant is _ABSENT:
                raise self._unsupported("IS with something else than NULL, TRUE and FALSE")
            return lambda value: value is constant
        if kind != "symbol":
            raise self._unsupported(operation)
        operand_kind, operand = self._next()
        if operand_kind not in ("word", "quoted"):
            raise self._unsupported(operand)
        number = _number(operand) if operand_kind == "word" else None
        if operation in ("=", "!="):
            equals = _equality(_unescaped(operand), number)
            wanted = operation == "="
            return lambda value: _is_scalar(value) and equals(value) is wanted
        if operation in _ORDER and number is not None:
            compare, limit = _ORDER[operation], number
            return lambda value: _is_number(value) and compare(value, limit)
        raise self._unsupported(f"{operation} {operand}")

    def _accept(self, kind: str, text: str) -> bool:
        if self._tokens[self._position : self._position + 1] != [(kind, text)]:
            return False
        self._position += 1
        return True

    def _next(self) -> tuple[str, str]:
        if self._position >= len(self._tokens):
            raise self._unsupported("its end")
        self._position += 1
        return self._tokens[self._position - 1]

    def _unsupported(self, what: str) -> UnsupportedPattern:
        return UnsupportedPattern(f"filter pattern {self._pattern!r}: {what!r} is not understood")


def _equality(operand: str, number: float | None) -> JsonPredicate:
    """Equal to a number, or to a string that may have a * at either end."""
    if number is not None:
        return lambda value: (_is_number(value) and value == number) or value == operand
    if operand == "*":
        return lambda value: True
    if operand.startswith("*") and operand.endswith("*"):
        return lambda value: isinstance(value, str) and operand[1:-1] in value
    if operand.startswith("*"):
        return lambda value: isinstance(value, str) and value.endswith(operand[1:])
    if operand.endswith("*"):
        return lambda value: isinstance(value, str) and value.startswith(operand[:-1])
    return lambda value: bool(value == operand)


def _matches_json(condition: JsonPredicate, message: str) -> bool:
    document = _parsed(message)
    return document is not _ABSENT and condition(document)


def _parsed(message: str) -> Any:
    """The object or list a message is; _ABSENT when it is not JSON."""
    if not message.lstrip().startswith(("{", "[")):
        return _ABSENT
    try:
        return json.loads(message)
    except ValueError:
        return _ABSENT


def _parse_selector(selector: str) -> tuple[str | int, ...]:
    return tuple(
        int(part.group(2)) if part.group(2) is not None else part.group(1) for part in _SELECTOR_PART.finditer(selector)
    )


def _select(parts: tuple[str | int, ...], document: Any) -> Any:
    value = document
    for part in parts:
        has_part = (
            isinstance(value, dict) and part in value
            if isinstance(part, str)
            else isinstance(value, list) and part < len(value)
        )
        if not has_part:
            return _ABSENT
        value = value[part]
    return value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
