"""A stand-in for the `aws` provider plugin of Pulumi: the real one's visible behaviour, served from Python, against any AWS endpoint."""

from .install import install_provider

__all__ = ["install_provider"]
