"""The moment at which a program has said everything: when it tells the engine that it is done.

The SDK awaits every registration and every output of a program that didn't fail, and only then calls
`SignalAndWaitForShutdown` (`run_pulumi_func` in pulumi/runtime/stack.py), which official language host, ours and inline
programs have in common. The engine writes the update's history after that call's end.
"""

from collections.abc import Callable
from typing import Any

from pulumi.runtime.proto import resource_pb2_grpc


def before_the_end(monitor: resource_pb2_grpc.ResourceMonitorStub, action: Callable[[], None]) -> None:
    """Have `action` called once at that moment, in the thread that is about to tell the engine, while the program's
    event loop runs. A program that fails never comes to that moment.

    Args:
        monitor: the run's own connection to the engine.
        action: must not raise.
    """
    signal = monitor.SignalAndWaitForShutdown

    def acting(*arguments: Any, **named: Any) -> Any:
        action()
        return signal(*arguments, **named)

    # On this connection alone: another run in this process has its own.
    monitor.SignalAndWaitForShutdown = acting  # type: ignore[assignment]
