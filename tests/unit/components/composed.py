"""What a program registers, seen by a stand-in for the engine's resource monitor."""

import contextvars
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks


@dataclass
class Composed:
    """What one program registered: inputs and dependencies by type and name, outputs of the component, the order."""

    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    depends_on: dict[str, set[str]] = field(default_factory=dict)
    component_outputs: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def names(self, kind: str) -> list[str]:
        """The logical names of the resources of a kind, `Alias` for example."""
        return sorted(key.rpartition("::")[2] for key in self.inputs if key.startswith(f"{kind}::"))


def _key(type_token: str, name: str) -> str:
    return f"{type_token.rpartition(':')[2]}::{name}"


class FakeAws(Mocks):
    """Answers each registration with its inputs and the outputs that others are derived from."""

    def __init__(self, composed: Composed) -> None:
        self.composed = composed

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.composed.inputs[_key(args.typ, args.name)] = args.inputs
        self.composed.order.append(args.typ)
        name = args.inputs.get("name", f"{args.name}-1a2b3c4")
        outputs = {"name": name, "arn": f"arn:of:{name}", "region": "eu-central-1", **args.inputs}
        if args.typ == "aws:lambda/function:Function":
            outputs["version"] = "7"
        if args.typ == "aws:lambda/functionUrl:FunctionUrl":
            outputs["functionUrl"] = "https://abc.example/"
        return f"id-of-{name}", outputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"A component asks AWS nothing, and this one called {args.token}.")


class Monitor(MockMonitor):
    """Keeps what the stock stand-in drops: dependencies, and the outputs a component registers."""

    def __init__(self, composed: Composed) -> None:
        super().__init__(FakeAws(composed))
        self.composed = composed

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the RPC's name)
        names = {urn.rpartition("::")[2] for urn in request.dependencies}
        self.composed.depends_on[_key(request.type, request.name)] = names
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 (the RPC's name)
        self.composed.component_outputs |= rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def compose(record: Composed, program: Callable[[], object]) -> None:
    """Run a program in a Pulumi runtime of its own."""

    def run_in_context() -> None:
        monitor = Monitor(record)
        pulumi.runtime.set_mocks(monitor.mocks, project="shop", stack="prod", monitor=monitor)

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def run() -> None:
            program()

        run()

    contextvars.copy_context().run(run_in_context)
