"""Metric math, as far as alarms here need it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html: + - * / ^, comparisons, AND and
OR, parentheses, numbers, ids, IF(c, a[, b]), FILL(m, n), ABS(m), and SUM, AVG, MIN, MAX of one series (a number), of
a list of series or of METRICS() (a series). Anything else raises UnsupportedExpression.

A period without data on either side of an operator has no data in the result; neither has a division by zero.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

Series = tuple[float | None, ...]
Value = Series | float

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<symbol><=|>=|==|!=|&&|\|\||[-+*/^()<>,\[\]]))"
)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {"SUM": math.fsum, "AVG": fmean, "MIN": min, "MAX": max}


class UnsupportedExpression(ValueError):
    """Not metric math, or a part of it that is not imitated."""


def evaluate_expression(expression: str, metrics: Mapping[str, Series], expressions: Mapping[str, Series]) -> Series:
    """The expression's value for each period.

    `metrics` and `expressions` have, by id, one value or None per period, all of one length: the query's metrics, which
    METRICS() means, and the results of its other expressions. Raises UnsupportedExpression.
    """
    value = _Parser(expression, metrics, expressions).parse()
    if isinstance(value, float):
        raise UnsupportedExpression(f"expression {expression!r} is a number, not a time series")
    return value


class _Parser:
    """Recursive descent that computes as it parses; each method is one level of precedence, loosest first."""

    def __init__(self, expression: str, metrics: Mapping[str, Series], expressions: Mapping[str, Series]) -> None:
        self._expression = expression
        self._metrics = metrics
        self._series = {**metrics, **expressions}
        self._tokens = _tokens(expression)
        self._position = 0

    def parse(self) -> Value:
        value = self._disjunction()
        if self._peek() is not None:
            raise self._unsupported(f"{self._peek()!r}")
        return value

    def _disjunction(self) -> Value:
        value = self._conjunction()
        while self._accept("OR", "||"):
            value = _combine(value, self._conjunction(), lambda a, b: float(bool(a) or bool(b)))
        return value

    def _conjunction(self) -> Value:
        value = self._comparison()
        while self._accept("AND", "&&"):
            value = _combine(value, self._comparison(), lambda a, b: float(bool(a) and bool(b)))
        return value

    def _comparison(self) -> Value:
        value = self._sum()
        while symbol := self._accept(*_COMPARISONS):
            compare = _COMPARISONS[symbol]
            value = _combine(value, self._sum(), lambda a, b, compare=compare: float(compare(a, b)))  # type: ignore[misc]
        return value

    def _sum(self) -> Value:
        value = self._product()
        while symbol := self._accept("+", "-"):
            value = _combine(value, self._product(), operator.add if symbol == "+" else operator.sub)
        return value

    def _product(self) -> Value:
        value = self._signed()
        while symbol := self._accept("*", "/"):
            value = _combine(value, self._signed(), operator.mul if symbol == "*" else _divide)
        return value

    def _signed(self) -> Value:
        if self._accept("-"):
            return _combine(0.0, self._signed(), operator.sub)
        return self._power()

    def _power(self) -> Value:
        base = self._atom()
        return _combine(base, self._signed(), _power) if self._accept("^") else base

    def _atom(self) -> Value:
        token = self._next()
        if token == "(":  # noqa: S105 - a parenthesis
            value = self._disjunction()
            self._expect(")")
            return value
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if self._accept("("):
            return self._function(token)
        if token in self._series:
            return self._series[token]
        raise self._unsupported(f"{token!r}")

    def _function(self, name: str) -> Value:
        if name in _AGGREGATES:
            return self._aggregate(_AGGREGATES[name])
        if name == "FILL" and self._tokens[self._position + 2 : self._position + 3] in (["REPEAT"], ["LINEAR"]):
            raise self._unsupported("FILL with REPEAT or LINEAR")
        arguments = [self._disjunction()]
        while self._accept(","):
            arguments.append(self._disjunction())
        self._expect(")")
        if name == "IF" and len(arguments) in (2, 3):
            return self._if(arguments)
        if name == "FILL" and len(arguments) == 2:
            return self._fill(arguments[0], arguments[1])
        if name == "ABS" and len(arguments) == 1:
            return _combine(arguments[0], 0.0, lambda a, _: abs(a))
        raise self._unsupported(f"function {name} with {len(arguments)} arguments")

    def _aggregate(self, aggregate: Callable[[Sequence[float]], float]) -> Value:
        if self._accept("METRICS"):
            self._expect("(")
            self._expect(")")
            several: list[Value] = list(self._metrics.values())
        elif self._accept("["):
            several = [self._disjunction()]
            while self._accept(","):
                several.append(self._disjunction())
            self._expect("]")
        else:
            value = self._disjunction()
            self._expect(")")
            if isinstance(value, float):
                return value
            present = [point for point in value if point is not None]
            return aggregate(present) if present else tuple(None for _ in value)
        self._expect(")")
        columns = zip(*(self._as_series(value) for value in several), strict=True)
        present_by_period = [[point for point in column if point is not None] for column in columns]
        return tuple(aggregate(present) if present else None for present in present_by_period)

    def _if(self, arguments: Sequence[Value]) -> Value:
        condition, consequent = self._as_series(arguments[0]), self._as_series(arguments[1])
        alternative = self._as_series(arguments[2]) if len(arguments) == 3 else tuple(None for _ in condition)
        return tuple(
            None if decided is None else yes if decided else no
            for decided, yes, no in zip(condition, consequent, alternative, strict=True)
        )

    def _fill(self, value: Value, filler: Value) -> Value:
        fillers = self._as_series(filler)
        return tuple(
            filled if point is None else point for point, filled in zip(self._as_series(value), fillers, strict=True)
        )

    def _as_series(self, value: Value) -> Series:
        if not isinstance(value, float):
            return value
        length = len(next(iter(self._series.values()), ()))
        return (value,) * length

    def _peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise self._unsupported("its end")
        self._position += 1
        return token

    def _accept(self, *tokens: str) -> str | None:
        token = self._peek()
        if token is None or token not in tokens:
            return None
        self._position += 1
        return token

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._unsupported(f"{self._peek()!r} where {token!r} should be")

    def _unsupported(self, what: str) -> UnsupportedExpression:
        return UnsupportedExpression(f"metric math expression {self._expression!r}: {what} is not supported")


def _tokens(expression: str) -> list[str]:
    tokens, position = [], 0
    expression = expression.rstrip()
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise UnsupportedExpression(
                f"metric math expression {expression!r}: {expression[position:].strip()!r} is not supported"
            )
        tokens.append(match.group(match.lastgroup or 0))
        position = match.end()
    return tokens


def _combine(left: Value, right: Value, function: Callable[[float, float], float | None]) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        result = function(left, right)
        if result is None:
            raise UnsupportedExpression("metric math: a division of two numbers by zero")
        return float(result)
    length = len(left) if not isinstance(left, float) else len(right) if not isinstance(right, float) else 0
    lefts: Series = (left,) * length if isinstance(left, float) else left
    rights: Series = (right,) * length if isinstance(right, float) else right
    return tuple(None if a is None or b is None else function(a, b) for a, b in zip(lefts, rights, strict=True))


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return None
