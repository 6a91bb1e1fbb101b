"""A stack as a process sees it that has no copy of its project: only the backend, where everything is that a rollback
takes."""

from collections.abc import Mapping
from pathlib import Path

from rollback_plugin.backend.project import Project, absolute_url, store_beside
from rollback_plugin.errors import NotLoggedIn
from rollback_plugin.stack import StackName


def unattended_backend_url(environ: Mapping[str, str]) -> str:
    """PULUMI_BACKEND_URL, with an absolute folder. Raises `NotLoggedIn`: no project says which backend is meant."""
    url = environ.get("PULUMI_BACKEND_URL")
    if not url:
        raise NotLoggedIn(
            "PULUMI_BACKEND_URL doesn't say which backend's stacks are meant. Set it as for `pulumi login`, for "
            "example: PULUMI_BACKEND_URL=s3://<bucket>."
        )
    return absolute_url(url, Path.cwd(), environ)


def unattended_project(stack: StackName, backend_url: str, store_url: str | None, scratch: Path) -> Project:
    """The project of a stack, as an empty folder below `scratch`.

    Args:
        store_url: where versions and journals are; None: beside the backend's state.
    """
    root = scratch / stack.project / stack.stack
    root.mkdir(parents=True, exist_ok=True)
    return Project(
        root=root,
        name=stack.project,
        runtime="python",
        stack=stack,
        backend_url=backend_url,
        config_file=root / f"Pulumi.{stack.stack}.yaml",
        store_url=store_url or store_beside(backend_url),
        file=root / "Pulumi.yaml",
    )
