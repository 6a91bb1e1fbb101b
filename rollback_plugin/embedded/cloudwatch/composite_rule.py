"""Whether a composite alarm's rule holds: a pure function.

The language: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html (AlarmRule),
and for AT_LEAST https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html. Neither says how
tightly the operators bind: NOT before AND before OR here, as usual. A percentage counts as reached from its exact share
on.
"""

import re
from collections.abc import Mapping

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import AlarmState

_TOKEN = re.compile(r'\s*(?:"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<symbol>[(),])|(?P<word>[^\s(),"]+))')
_STATES = frozenset(AlarmState)


class InvalidRule(ValueError):
    """Not a rule, or one that names an alarm that doesn't exist."""


def rule_holds(rule: str, states: Mapping[str, AlarmState]) -> bool:
    """Whether a composite alarm of this rule is in ALARM; it is in OK otherwise. `states` are the alarms that exist, by
    name. Raises InvalidRule."""
    return _Parser(rule, states).parse()


def alarms_named(rule: str, states: Mapping[str, AlarmState]) -> tuple[str, ...]:
    """The alarms that the rule rests on, in the order they stand there. Raises InvalidRule."""
    parser = _Parser(rule, states)
    parser.parse()
    return tuple(dict.fromkeys(parser.named))


class _Parser:
    """Recursive descent that evaluates as it parses; both sides of an operator are always parsed."""

    def __init__(self, rule: str, states: Mapping[str, AlarmState]) -> None:
        self._rule = rule
        self._states = states
        self._tokens = self._tokenized()
        self._position = 0
        self.named: list[str] = []

    def parse(self) -> bool:
        holds = self._disjunction()
        if self._position < len(self._tokens):
            raise self._invalid(f"unexpected {self._tokens[self._position]!r}")
        return holds

    def _disjunction(self) -> bool:
        holds = self._conjunction()
        while self._accept("OR"):
            right = self._conjunction()
            holds = holds or right
        return holds

    def _conjunction(self) -> bool:
        holds = self._negation()
        while self._accept("AND"):
            right = self._negation()
            holds = holds and right
        return holds

    def _negation(self) -> bool:
        return not self._negation() if self._accept("NOT") else self._term()

    def _term(self) -> bool:
        word = self._next()
        if word == "(":
            holds = self._disjunction()
            self._expect(")")
            return holds
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if word == "AT_LEAST":
            return self._at_least()
        if word not in _STATES:
            raise self._invalid(f"unexpected {word!r}")
        self._expect("(")
        state = self._state_of(self._next())
        self._expect(")")
        return state is AlarmState(word)

    def _at_least(self) -> bool:
        self._expect("(")
        threshold = self._next()
        self._expect(",")
        negated = self._accept("NOT")
        wanted = self._next()
        self._expect(",")
        self._expect("(")
        states = [self._state_of(self._next())]
        while self._accept(","):
            states.append(self._state_of(self._next()))
        self._expect(")")
        self._expect(")")
        if wanted not in _STATES or not re.fullmatch(r"\d+%?", threshold):
            raise self._invalid(f"AT_LEAST({threshold}, {wanted}, …)")
        count = sum((state is AlarmState(wanted)) != negated for state in states)
        if threshold.endswith("%"):
            return 100 * count >= int(threshold[:-1]) * len(states)
        return count >= int(threshold)

    def _state_of(self, written: str) -> AlarmState:
        name = written.split(":alarm:", 1)[1] if written.startswith("arn:") and ":alarm:" in written else written
        if name not in self._states:
            raise self._invalid(f"there is no alarm {name!r}")
        self.named.append(name)
        return self._states[name]

    def _tokenized(self) -> list[str]:
        tokens, position = [], 0
        rule = self._rule.rstrip()
        while position < len(rule):
            match = _TOKEN.match(rule, position)
            if match is None:
                raise self._invalid(f"{rule[position:].strip()!r} can't be read")
            quoted = match["quoted"]
            tokens.append(match[0].strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
            position = match.end()
        return tokens

    def _next(self) -> str:
        if self._position == len(self._tokens):
            raise self._invalid("it ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _accept(self, token: str) -> bool:
        found = self._tokens[self._position : self._position + 1] == [token]
        self._position += found
        return found

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._invalid(f"{token!r} is missing")

    def _invalid(self, why: str) -> InvalidRule:
        return InvalidRule(f"composite alarm rule {self._rule!r}: {why}")
