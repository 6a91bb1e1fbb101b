"""Two rules of EventBridge that moto leaves out.

A target without an input transformer gets the matched event, whole:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. moto builds it from a text
template without the account, which breaks where the event's own text looks like a placeholder of that template.

A rule whose target can't be delivered to keeps no event from other rules. The targets moto can't deliver to (Lambda,
SNS, Step Functions, ECS and others) are named in the server's log.
"""

import sys
from copy import deepcopy
from typing import Any

from moto.events.models import Rule
from moto.events.utils import EventMessageType, EventTemplateParser


def install() -> None:
    """Make this process' moto follow these rules."""
    _deliver_whole_events()
    _keep_rules_apart()


def _deliver_whole_events() -> None:
    parse = EventTemplateParser.parse

    def whole_event_or_template(
        input_template: str | None, input_paths_map: dict[str, Any], event: EventMessageType
    ) -> dict[str, Any]:
        if input_template is not None:
            return parse(input_template, input_paths_map, event)
        whole: dict[str, Any] = deepcopy(dict(event))
        whole.pop("ingestion-time", None)
        return whole

    EventTemplateParser.parse = staticmethod(whole_event_or_template)  # type: ignore[method-assign]


def _keep_rules_apart() -> None:
    send_to_targets = Rule.send_to_targets

    def send(self: Rule, original_event: EventMessageType, transform_input: bool = True) -> None:
        try:
            send_to_targets(self, original_event, transform_input)
        except NotImplementedError:
            targets = ", ".join(target["Arn"] for target in self.targets)
            sys.stderr.write(f"rule {self.name}: an event was not delivered to all of these targets: {targets}\n")

    Rule.send_to_targets = send  # type: ignore[method-assign]
