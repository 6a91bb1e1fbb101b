"""Which project, stack, backend and store are meant, by the rules the `pulumi` command goes by."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from msgspec import Struct, field

from rollback_plugin.backend.history import Backend, no_such_stack, open_backend, require_supported
from rollback_plugin.backend.updates import config_value
from rollback_plugin.backend.workspace import logged_in_backend, selected_stack
from rollback_plugin.errors import InvalidConfiguration, NoStackSelected, NotAPulumiProject, NotLoggedIn, UsageError
from rollback_plugin.stack import StackName
from rollback_plugin.stored import Misfit, fitted

_Record = TypeVar("_Record", bound=Struct)

STORE_CONFIG_KEY = "rollback:store"

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class Project(Struct, frozen=True):
    """A Pulumi project on this machine with the stack that is meant."""

    root: Path
    """Folder of Pulumi.yaml."""
    name: str
    runtime: str
    stack: StackName
    backend_url: str
    """As `pulumi login` takes it; folders absolute."""
    config_file: Path
    """The stack's config; it need not exist."""
    store_url: str
    """Where versions and journal are kept: config `rollback:store`, else `.rollback` beside the backend's `.pulumi`."""
    file: Path
    """Pulumi.yaml, or what it is called here."""
    runtime_options: Mapping[str, Any] = field(default_factory=dict)
    """`runtime.options` of that file: for Python `toolchain`, `virtualenv` and others."""


class _Runtime(Struct, frozen=True):
    name: str
    options: dict[str, Any] = field(default_factory=dict)


class _ProjectBackend(Struct, frozen=True):
    url: str = ""


class _ProjectFile(Struct, frozen=True):
    """sdk/go/common/workspace/project.go."""

    name: str
    runtime: _Runtime | str
    backend: _ProjectBackend | None = None
    config: dict[str, Any] | str | None = None
    """A folder name in projects from before `stackConfigDir`."""
    config_folder: str | None = field(default=None, name="stackConfigDir")


class _StackFile(Struct, frozen=True):
    config: dict[str, Any] | None = None


def open_project(cwd: Path, stack: str | None, environ: Mapping[str, str]) -> Project:
    """The project that `cwd` lies in, with the stack named, or selected.

    The stack is `stack` (`name`, `organization/name` or `organization/project/name`), else PULUMI_STACK, else what
    `pulumi stack select` chose. The backend is PULUMI_BACKEND_URL, else Pulumi.yaml's `backend.url`, else what `pulumi
    login` chose. Raises `NotAPulumiProject`, `NotLoggedIn`, `UnsupportedBackend`, `NoStackSelected` (also for one that
    the backend doesn't have), `InvalidConfiguration`, and the store's errors.
    """
    cwd = _as_the_shell_says(cwd, environ)
    path = _found_project_file(cwd)
    file = _parsed_file(path, _ProjectFile, NotAPulumiProject)
    login = _login(file, environ)
    if not login:
        raise NotLoggedIn(
            f"No backend is configured for the project {file.name}. Log in with: pulumi login <backend URL>, or set "
            "PULUMI_BACKEND_URL, or write backend.url into Pulumi.yaml."
        )
    require_supported(login)
    backend_url = absolute_url(login, cwd, environ)
    backend = open_backend(backend_url, environ)
    # The CLI goes by the URL as it was given to it, and by the path by which the folder was entered.
    paths = tuple(dict.fromkeys((path, path.resolve())))
    # An empty PULUMI_STACK counts too: then no stack is selected (the engine's getCurrentStackName).
    chosen = stack or environ.get("PULUMI_STACK", selected_stack(file.name, paths, login, environ))
    name = _stack_name(chosen, file.name, backend)
    config_file = path.parent / _config_folder(file) / f"Pulumi.{name.stack}{path.suffix}"
    return Project(
        root=path.parent,
        name=file.name,
        runtime=file.runtime if isinstance(file.runtime, str) else file.runtime.name,
        stack=name,
        backend_url=backend_url,
        config_file=config_file,
        store_url=_configured_store(file, config_file, environ) or store_beside(backend_url),
        file=path,
        runtime_options={} if isinstance(file.runtime, str) else file.runtime.options,
    )


def known_store(cwd: Path, stack: str | None, environ: Mapping[str, str]) -> str:
    """URL of the store of the project and stack that are meant, or, where none is, of the one beside the backend.

    Raises as `open_project` does where no backend is known either.
    """
    try:
        return open_project(cwd, stack, environ).store_url
    except NotAPulumiProject:
        login = _login(None, environ)
        if not login:
            raise
    except NoStackSelected:
        if stack:
            raise
        login = _login(_parsed_file(_found_project_file(cwd), _ProjectFile, NotAPulumiProject), environ)
    require_supported(login)
    return store_beside(absolute_url(login, cwd, environ))


def _login(file: _ProjectFile | None, environ: Mapping[str, str]) -> str:
    """The backend's URL as it was given; empty where nobody said."""
    configured = environ.get("PULUMI_BACKEND_URL") or (file.backend.url if file and file.backend else "")
    return configured or logged_in_backend(environ) or ""


def _as_the_shell_says(cwd: Path, environ: Mapping[str, str]) -> Path:
    """The current folder by the path it was entered by (PWD), links in it unresolved, as Go's os.Getwd gives it."""
    shell = environ.get("PWD")
    absolute = cwd.absolute()
    if shell and Path(shell).is_absolute() and Path(shell).exists() and absolute.exists() and absolute.samefile(shell):
        return Path(shell)
    return absolute


def _found_project_file(cwd: Path) -> Path:
    for folder in (cwd, *cwd.parents):
        for name in _PROJECT_FILES:
            if (folder / name).is_file():
                return folder / name
    raise NotAPulumiProject(
        f"There is no Pulumi.yaml in {cwd} or any folder above it. Go to a Pulumi project, or name its folder with "
        "--cwd."
    )


def _parsed_file(path: Path, of: type[_Record], error: type[UsageError]) -> _Record:
    try:
        return fitted(yaml.safe_load(path.read_bytes()) or {}, of)
    except OSError as failure:
        found = str(failure.strerror)
    except yaml.YAMLError as failure:
        # The place only: YAML's own text repeats lines, and secrets may stand in them.
        mark = failure.problem_mark if isinstance(failure, yaml.MarkedYAMLError) else None
        found = f"it is no YAML at line {mark.line + 1}" if mark else "it is no YAML"
    except Misfit as misfit:
        found = f"missing or of the wrong kind: {misfit.place or 'the whole file'}"
    raise error(f"{path} can't be read: {found}. Correct the file; `pulumi preview` reads it by the same rules.")


def _stack_name(chosen: str | None, project: str, backend: Backend) -> StackName:
    if not chosen:
        existing = backend.stacks(project)
        there = f"It has: {', '.join(existing)}." if existing else "It has none yet; make one with: pulumi stack init."
        raise NoStackSelected(
            f"No stack of the project {project} is selected. {there} Name one with --stack, or select it with: pulumi "
            "stack select."
        )
    organization, _, rest = chosen.rpartition("/")[0].partition("/")
    name = StackName(rest or project, chosen.rpartition("/")[2], organization or "organization")
    if name.organization != "organization" or "/" in name.project or not name.stack:
        raise NoStackSelected(
            f"{chosen} names no stack on this backend. Write <stack>, or organization/<project>/<stack> with the word "
            "organization as it stands here."
        )
    existing = backend.stacks(name.project)
    if name.stack not in existing:
        raise no_such_stack(name, existing, backend.location)
    return name


def _config_folder(file: _ProjectFile) -> str:
    if file.config_folder is not None:
        return file.config_folder
    return file.config if isinstance(file.config, str) else ""


def _configured_store(file: _ProjectFile, config_file: Path, environ: Mapping[str, str]) -> str | None:
    """From the stack's config, else from the project's, where it may stand as it is or as `value:`."""
    found: Any = None
    if isinstance(file.config, dict):
        found = file.config.get(STORE_CONFIG_KEY)
        if isinstance(found, dict) and found.keys() == {"value"}:
            found = found["value"]
    if config_file.is_file():
        stack_config = _parsed_file(config_file, _StackFile, InvalidConfiguration).config or {}
        found = stack_config.get(STORE_CONFIG_KEY, found)
    if found is None:
        return None
    value = config_value(found)
    if value.secret or value.object or not value.value:
        raise InvalidConfiguration(
            f"The config value {STORE_CONFIG_KEY} in {config_file} is not a URL in plain text. Set it with: pulumi "
            f"config set {STORE_CONFIG_KEY} <url>."
        )
    return absolute_url(value.value, config_file.parent, environ)


def store_beside(backend_url: str) -> str:
    """URL of the store that belongs to a backend where no config names another."""
    place, _, query = backend_url.partition("?")
    store = f"{place.removesuffix('/')}/.rollback"
    return f"{store}?{query}" if query and place.startswith("s3://") else store


def absolute_url(url: str, base: Path, environ: Mapping[str, str]) -> str:
    """`url` with a folder that no longer depends on the current one, nor on `~`; other URLs as they are."""
    if "://" in url and not url.startswith("file://"):
        return url
    path, question_mark, query = url.removeprefix("file://").partition("?")
    if path == "~" or path.startswith("~/"):
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        return f"file://{home / path[2:]}{question_mark}{query}"
    # Not resolved through links: the CLI only cleans the path's text (filepath.Abs).
    absolute = os.path.abspath(base / path)  # noqa: PTH100
    return f"file://{absolute}{question_mark}{query}"
