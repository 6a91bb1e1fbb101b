"""What a test looks at, and changes, in the engine's own files."""

import json
from collections.abc import Callable
from typing import Any

from tests.replay.deployed_stack import DeployedStack


def rewrite_state(stack: DeployedStack, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the engine's snapshot in place, as no command of it would."""
    stack_file = stack.state_folder / ".pulumi" / "stacks" / stack.name.project / f"{stack.name.stack}.json"
    document = json.loads(stack_file.read_text())
    change(document["checkpoint"]["latest"])
    stack_file.write_text(json.dumps(document))


def pending(stack: DeployedStack) -> Any:
    return json.loads(stack.state)["checkpoint"]["latest"].get("pending_operations") or []
