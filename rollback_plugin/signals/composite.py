"""Which alarms make a composite alarm ring, read from its rule: no I/O.

The rule's language: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
(AlarmRule) and, for AT_LEAST, https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html.
CloudWatch itself evaluates it; here it is only read for the alarms whose ringing speaks for the composite's.
"""

import re

_STATE = r"(?:ALARM|OK|INSUFFICIENT_DATA)"
_NAME = r'(?:"(?:\\.|[^"\\])*"|[^\s()",]+)'
_TOKEN = re.compile(
    rf"AT_LEAST\s*\(\s*\d+\s*%?\s*,\s*(?P<not>NOT\s+)?(?P<state>{_STATE})\s*,"
    rf"\s*\(\s*(?P<names>{_NAME}(?:\s*,\s*{_NAME})*)\s*\)\s*\)"
    rf"|(?P<function>{_STATE})\s*\(\s*(?P<name>{_NAME})\s*\)"
    r"|(?P<word>NOT|AND|OR|\(|\))"
)


def alarms_that_ring_it(rule: str) -> tuple[str, ...]:
    """Names of the alarms that the rule wants in ALARM, or not in OK, in the order they stand there, each once.

    An alarm under an odd number of NOTs works the other way round: in `ALARM(errors) AND NOT ALARM(maintenance)`,
    `maintenance` keeps the composite quiet.
    """
    found: dict[str, None] = {}
    negated, outer = False, [False]
    for token in _TOKEN.finditer(rule):
        match token["word"]:
            case "NOT":
                negated = not negated
                continue
            case "(":
                outer.append(outer[-1] != negated)
            case ")":
                # A rule with a bracket too many isn't one that CloudWatch keeps.
                outer = outer[:-1] or [False]
            case None:
                turned = (outer[-1] != negated) != bool(token["not"])
                if (token["function"] or token["state"]) == ("OK" if turned else "ALARM"):
                    found.update(dict.fromkeys(_plain_name(name) for name in _names(token)))
        negated = False
    return tuple(found)


def _names(token: re.Match[str]) -> list[str]:
    return [token["name"]] if token["name"] else re.findall(_NAME, token["names"])


def _plain_name(written: str) -> str:
    """The alarm's name, from a name or an ARN, quoted or not."""
    name = re.sub(r"\\(.)", r"\1", written[1:-1]) if written.startswith('"') else written
    return name.split(":alarm:", 1)[1] if name.startswith("arn:") and ":alarm:" in name else name
