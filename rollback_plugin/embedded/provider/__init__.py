"""A stand-in for Pulumi's `aws` provider plugin: the real one's visible behaviour, against any AWS endpoint.

README.md beside this file says what is imitated, from which source, and what differs.
"""

from .install import install_provider

__all__ = ["install_provider"]
