"""AWS in a box: somewhere to deploy a stack, on this machine.

See README.md beside this file for what is imitated, from which page of AWS' documentation, and what differs.
"""

from rollback_plugin.embedded.embedded_aws import EmbeddedAws

__all__ = ["EmbeddedAws"]
