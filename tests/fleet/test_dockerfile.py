"""The image's steps, as far as they can be taken without building an image: the same files, installed the same way,
give the command that it starts."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from rollback_plugin.components.worker_container import worker_container

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, by name, with their continuation lines."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def arguments_of(name: str) -> list[str]:
    return [arguments for found, arguments in instructions() if found == name]


def test_what_is_copied_and_installed_gives_the_command_that_is_started(tmp_path: Path) -> None:
    source, installed = tmp_path / "src", tmp_path / "installed"
    source.mkdir()
    for arguments in arguments_of("COPY"):
        *names, target = [each for each in shlex.split(arguments) if not each.startswith("--")]
        if arguments.startswith("--from"):
            continue
        for name in names:
            found, place = ROOT / name, source / target
            if found.is_dir():
                shutil.copytree(found, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(found, place)
    (install,) = [step for step in arguments_of("RUN") if step.startswith("pip install")]
    # Dependencies are here already, and nothing is to be downloaded by a test.
    here = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(installed)]
    subprocess.run([sys.executable, "-m", *shlex.split(install), *here], cwd=source, check=True, capture_output=True)

    (entry,) = [json.loads(arguments) for arguments in arguments_of("ENTRYPOINT")]
    (command,) = [json.loads(arguments) for arguments in arguments_of("CMD") if arguments.startswith("[")]
    helped = subprocess.run(
        [sys.executable, str(installed / "bin" / entry[0]), command[0], "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert helped.returncode == 0, helped.stderr
    assert all(option in helped.stdout for option in ["--queue", *(each for each in command if each.startswith("--"))])


def test_the_entry_point_is_a_script_of_the_package() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    assert [json.loads(arguments)[0] in scripts for arguments in arguments_of("ENTRYPOINT")] == [True]


def test_it_is_no_root_that_runs_and_it_is_asked_whether_it_lives() -> None:
    names = [name for name, _ in instructions()]
    (container,) = json.loads(
        worker_container(image="i", stacks=[], environment={}, secrets={}, log_group="l", region="r")
    )

    assert names.index("USER") < names.index("ENTRYPOINT")
    assert any(container["healthCheck"]["command"][1] in arguments for arguments in arguments_of("HEALTHCHECK"))


def test_what_is_sent_to_the_builder_is_what_is_copied() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name
        for arguments in arguments_of("COPY")
        if not arguments.startswith("--from")
        for name in shlex.split(arguments)[:-1]
    }

    assert kept == copied
