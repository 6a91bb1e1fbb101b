"""What is in the cloud and in the state after an operation, to be held against what should be."""

import json
import re
from typing import Any

from rollback_plugin.backend.history import Backend
from rollback_plugin.stack import StackName
from tests.equivalence.canonical import MADE_UP, Labels, canonical
from tests.equivalence.cloud import LOOKS
from tests.equivalence.workbench import REGION, Workbench
from tests.unbreakable.calls import ACCOUNT

MADE_UP_ANYWHERE = re.compile(r"(?<=-)[0-9a-f]{7}(?![0-9a-f])")
"""The end of a name that the provider chose, in policies, too."""


class _Nameless(Labels):
    """All that is made up anew each time looks the same: what counts is how much of it there is."""

    def put_into(self, text: str) -> str:
        return MADE_UP_ANYWHERE.sub("<made up>", MADE_UP.sub("<made up>", text))


def looks(bench: Workbench, backend: Backend, stack: StackName) -> dict[str, Any]:
    """What is in the cloud and in the state, without the names that are made up."""
    nameless = _Nameless({ACCOUNT: "<account>"})
    found: dict[str, Any] = {}
    for kind in ("topic", "queue", "parameter", "role", "alarm", "log_group"):
        answers = LOOKS[kind](lambda service: bench.client(service, REGION))
        found[kind] = sorted(
            json.dumps(canonical([name, _without_numbers(answer)], nameless), sort_keys=True)
            for name, answer in answers
        )
    functions = bench.client("lambda", REGION)
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        aliases = {
            alias["Name"]: functions.get_function(FunctionName=name, Qualifier=alias["FunctionVersion"])[
                "Configuration"
            ]["CodeSha256"]
            for alias in functions.list_aliases(FunctionName=name)["Aliases"]
        }
        found[f"function {name}"] = {"code": function["CodeSha256"], "aliases": aliases}
    state = json.loads(backend.current(stack))["checkpoint"]["latest"]
    found["state"] = sorted(resource["urn"] for resource in state["resources"])
    found["pending"] = state.get("pending_operations") or []
    return found


def _without_numbers(answer: Any) -> Any:
    """Without what counts how often something was written: it differs with every rollback."""
    if isinstance(answer, dict):
        return {
            key: _without_numbers(value)
            for key, value in answer.items()
            if key not in ("Version", "AlarmConfigurationUpdatedTimestamp", "storedBytes")
        }
    if isinstance(answer, list):
        return [_without_numbers(item) for item in answer]
    return answer
