"""What EventBridge hands to a rule's target that has no input transformer: the matched event, whole.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. moto builds it from a text
template without the account, which breaks where the event's own text looks like a placeholder of that template.
"""

from copy import deepcopy
from typing import Any

from moto.events.utils import EventMessageType, EventTemplateParser


def install() -> None:
    """Make this process' moto deliver whole events."""
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
