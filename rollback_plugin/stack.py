"""Which stack is meant: the one name every room uses for it."""

from msgspec import Struct


class StackName(Struct, frozen=True):
    """A stack of a project, on a backend that the caller already has in hand."""

    project: str
    stack: str
    organization: str = "organization"

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}"

    @property
    def root_urn(self) -> str:
        """URN of the stack itself, the resource that all others are children of."""
        return f"urn:pulumi:{self.stack}::{self.project}::pulumi:pulumi:Stack::{self.project}-{self.stack}"

    @property
    def fully_qualified(self) -> str:
        """`organization/project/stack`, as the engine takes it on every backend."""
        return f"{self.organization}/{self.project}/{self.stack}"
