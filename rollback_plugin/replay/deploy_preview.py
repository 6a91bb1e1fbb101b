"""A deploy that hasn't happened, as `pulumi preview --json` tells it.

The document is PreviewDigest of pkg/display/json.go, v3.259.0: of each step the operation, the URN, the state before
and after with secrets blinded, and the names of what differs. Resources that stay as they are aren't listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from rollback_plugin.errors import EngineFailed, InvalidConfiguration
from rollback_plugin.stored import Misfit, read


class _Digest(Struct, frozen=True, rename="camel"):
    def __repr__(self) -> str:
        """Names no values: they may be secret."""
        return f"<{type(self).__name__}>"


class PreviewedState(_Digest, frozen=True, kw_only=True):
    """A resource before or after, as much of it as matters here."""

    type: str
    inputs: dict[str, Any] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False


class PreviewedStep(_Digest, frozen=True, kw_only=True):
    """What would become of one resource."""

    op: str
    """The engine's own word: same, create, update, replace, delete …"""
    urn: Annotated[str, Meta(pattern=r"^urn:pulumi:[^:]+::[^:]+::[^:].*::.")]
    old_state: PreviewedState | None = None
    new_state: PreviewedState | None = None
    diff_reasons: tuple[str, ...] = ()
    replace_reasons: tuple[str, ...] = ()
    detailed_diff: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        state = self.new_state or self.old_state
        return state.type if state else ""

    @property
    def properties(self) -> tuple[str, ...]:
        """Paths of what differs; names only."""
        return tuple(sorted(self.detailed_diff or {})) or self.replace_reasons or self.diff_reasons


class _Diagnostic(_Digest, frozen=True, kw_only=True):
    severity: str = ""
    message: str = ""
    urn: str = ""


class _Document(_Digest, frozen=True, kw_only=True):
    steps: tuple[PreviewedStep, ...] = ()
    diagnostics: tuple[_Diagnostic, ...] = ()
    duration: int


@dataclass(frozen=True, slots=True)
class DeployPreview:
    """All of it."""

    steps: tuple[PreviewedStep, ...]
    errors: Mapping[str, str]
    """What the engine has against the deploy, by URN, or by nothing where it names no resource."""

    def require_complete(self, source: str) -> None:
        """Raise `EngineFailed` where the preview broke off, so that it doesn't tell all of the deploy."""
        if self.errors:
            said = " | ".join(f"{urn or 'engine'}: {' '.join(text.split())}" for urn, text in self.errors.items())
            raise EngineFailed(
                f"{source} ended with an error, so what the deploy would do isn't known: {said}. Put right what it"
                " names, and preview again."
            )


def read_preview(data: bytes, source: str) -> DeployPreview:
    """Read what `pulumi preview --json` printed. Raises `InvalidConfiguration`, naming `source`, for anything else."""
    try:
        document = read(data, _Document)
    except Misfit as misfit:
        raise InvalidConfiguration(
            f"{source} is not what `pulumi preview --json` prints ({misfit}). Make it with: pulumi preview --json >"
            " preview.json."
        ) from None
    errors: dict[str, str] = {}
    for diagnostic in document.diagnostics:
        if diagnostic.severity == "error":
            errors.setdefault(diagnostic.urn, diagnostic.message)
    return DeployPreview(document.steps, errors)
