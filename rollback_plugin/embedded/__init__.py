"""AWS in a box: somewhere to deploy a stack, on this machine.

See README.md beside this file for what is imitated, from which page of AWS' documentation, and what differs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rollback_plugin.embedded.embedded_aws import EmbeddedAws

__all__ = ["EmbeddedAws"]


def __getattr__(name: str) -> Any:
    # The provider plugin lives below this package and is started by every engine run: it needs none of boto3's import.
    if name == "EmbeddedAws":
        from rollback_plugin.embedded.embedded_aws import EmbeddedAws

        return EmbeddedAws
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
