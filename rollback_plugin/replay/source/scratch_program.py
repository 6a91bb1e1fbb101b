"""A checked-out program made ready for the engine: its stack's recorded config, and the Python it runs on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rollback_plugin.backend.project import STORE_CONFIG_KEY, Project, open_project
from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.replay.scratch_project import stack_settings
from rollback_plugin.replay.source.checkout import Checkout
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.versions.version import ConfigValue, Version


def open_program(checkout: Checkout, here: Project, environ: Mapping[str, str]) -> Project:
    """The checked-out project with the stack that `here`, the one on this machine, means. Raises `CannotRerun`."""
    try:
        found = open_project(
            checkout.project,
            here.stack.fully_qualified,
            {**environ, "PULUMI_BACKEND_URL": here.backend_url, "PWD": str(checkout.project)},
        )
    except RollbackPluginError as error:
        raise CannotRerun("source", f"it can't be opened as a Pulumi project: {str(error).rstrip('.')}") from None
    if found.name != here.stack.project:
        raise CannotRerun("source", f"its project is {found.name}, not {here.stack.project}")
    if found.runtime != "python":
        raise CannotRerun(
            "source", f"its runtime is {found.runtime}, and only Python programs can be run again; use the snapshot"
        )
    if not found.config_file.resolve().is_relative_to(checkout.root.resolve()):
        raise CannotRerun("source", "its Pulumi.yaml keeps stack config outside of its repository")
    return found


def write_config(
    program: Project, version: Version, here: Project, secrets_providers: Mapping[str, Any] | None
) -> None:
    """Give the program the version's config, whatever its own files say.

    secrets_providers: of the stack's current state, whose keys the recorded ciphertext has to be of.
    """
    config = dict(version.config)
    if STORE_CONFIG_KEY in config:
        # A relative one starts from the folder of the config file, which is another now.
        config[STORE_CONFIG_KEY] = ConfigValue(value=here.store_url)
    program.config_file.parent.mkdir(parents=True, exist_ok=True)
    _replace(program.config_file, stack_settings(config, secrets_providers))


def use_environment(program: Project, virtualenv: Path) -> None:
    """Make the language host run the program with the Python of this virtual environment."""
    document = yaml.safe_load(program.file.read_bytes())
    # `pip` is the toolchain that takes an environment as it is; the others would look for their own.
    options = {**program.runtime_options, "toolchain": "pip", "virtualenv": str(virtualenv)}
    _replace(program.file, json.dumps({**document, "runtime": {"name": program.runtime, "options": options}}))


def _replace(path: Path, content: str) -> None:
    # Not through a link, which may lead elsewhere.
    path.unlink(missing_ok=True)
    path.write_text(content)
