"""Rollback and recovery for Pulumi stacks on AWS.

The public surface is flat: `from rollback_plugin import LambdaService, LambdaServiceArgs, track`.
Importing the package alone imports no Pulumi SDK, so that the command starts fast: a name is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollback_plugin.components.lambda_service import LambdaService, LambdaServiceArgs
    from rollback_plugin.components.rollback_controller import RollbackController
    from rollback_plugin.components.rollback_controller_args import RollbackControllerArgs
    from rollback_plugin.recording.track import track

__all__ = ["LambdaService", "LambdaServiceArgs", "RollbackController", "RollbackControllerArgs", "track"]

_HOME = {
    "LambdaService": "rollback_plugin.components.lambda_service",
    "LambdaServiceArgs": "rollback_plugin.components.lambda_service",
    "RollbackController": "rollback_plugin.components.rollback_controller",
    "RollbackControllerArgs": "rollback_plugin.components.rollback_controller_args",
    "track": "rollback_plugin.recording.track",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
