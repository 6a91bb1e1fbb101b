"""What `pulumi login` and `pulumi stack select` remember, in PULUMI_HOME.

Read from the engine's pkg/workspace (workspace.go, settings.go, creds.go) and sdk/go/common/workspace (creds.go,
paths.go).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from rollback_plugin.errors import NoStackSelected, NotLoggedIn
from rollback_plugin.stored import Misfit, read


class _Credentials(Struct, frozen=True):
    current: str = ""


class _Settings(Struct, frozen=True):
    stack: str = ""
    """Where older CLIs wrote the selected stack, whatever the backend."""
    stacks: dict[str, str] = field(default_factory=dict)
    """By backend URL."""


def logged_in_backend(environ: Mapping[str, str]) -> str | None:
    """URL of the backend that `pulumi login` chose last. Raises `NotLoggedIn` when what it kept can't be read."""
    folder = environ.get("PULUMI_CREDENTIALS_PATH")
    file = (Path(folder) if folder else pulumi_home(environ)) / "credentials.json"
    try:
        return read(file.read_bytes(), _Credentials).current or None
    except FileNotFoundError:
        return None
    except (OSError, Misfit):
        # The file holds access tokens, so nothing of it is repeated.
        raise NotLoggedIn(
            f"The Pulumi login in {file} can't be read. Log in again with: pulumi login <backend URL>, or set "
            "PULUMI_BACKEND_URL."
        ) from None


def selected_stack(
    project: str, project_files: tuple[Path, ...], backend_url: str, environ: Mapping[str, str]
) -> str | None:
    """The stack that `pulumi stack select` chose for this project and backend, as written then.

    `project_files` are the paths by which the CLI may have known the project's file: it goes by the path's text, which
    differs where folders are links. Raises `NoStackSelected` when what was kept can't be read.
    """
    for project_file in project_files:
        # The engine's name for the file, not a protection of anything.
        digest = hashlib.sha1(str(project_file).encode(), usedforsecurity=False).hexdigest()
        file = pulumi_home(environ) / "workspaces" / f"{project}-{digest}-workspace.json"
        try:
            settings = read(file.read_bytes(), _Settings)
        except FileNotFoundError:
            continue
        except (OSError, Misfit):
            raise NoStackSelected(
                f"Which stack is selected can't be read from {file}. Select one again with: pulumi stack select, or "
                "name it with --stack."
            ) from None
        return settings.stacks.get(backend_url, settings.stack) or None
    return None


def pulumi_home(environ: Mapping[str, str]) -> Path:
    """PULUMI_HOME, or `.pulumi` in the home folder."""
    if environ.get("PULUMI_HOME"):
        return Path(environ["PULUMI_HOME"]).absolute()
    return (Path(environ["HOME"]) if environ.get("HOME") else Path.home()) / ".pulumi"
