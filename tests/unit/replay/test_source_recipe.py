"""Which environment a program runs in is decided by the files that came with it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from rollback_plugin.replay.source.checkout import Checkout
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.replay.source.recipe import AsFound, Locked, recipe

INDEX_UV = '[[package]]\nname = "pulumi"\nsource = { registry = "https://pypi.org/simple" }\n'
VIRTUAL_UV = INDEX_UV + '[[package]]\nname = "shop"\nsource = { virtual = "." }\n'
EDITABLE_UV = INDEX_UV + '[[package]]\nname = "shop"\nsource = { editable = "." }\n'
INDEX_POETRY = '[[package]]\nname = "pulumi"\n'
NO_PACKAGE = "[tool.poetry]\npackage-mode = false\n"


def decided(root: Path, files: Mapping[str, str], **options: str) -> Locked | AsFound:
    """For a project in the folder `infra` of a repository with these files."""
    for name, content in {"infra/Pulumi.yaml": "", **files}.items():
        path = root / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    checkout = Checkout(root / "repository", root / "repository" / "infra")
    return recipe(checkout, options, root / "here")


@pytest.mark.parametrize(
    ("files", "options", "tool", "file"),
    [
        ({"infra/requirements.txt": ""}, {}, "pip", "infra/requirements.txt"),
        ({"requirements.txt": ""}, {}, "pip", "requirements.txt"),
        ({"infra/requirements.txt": "", "uv.lock": ""}, {}, "pip", "infra/requirements.txt"),
        ({"infra/uv.lock": "", "infra/requirements.txt": ""}, {}, "uv", "infra/uv.lock"),
        ({"infra/uv.lock": "", "infra/requirements.txt": ""}, {"toolchain": "pip"}, "pip", "infra/requirements.txt"),
        ({"uv.lock": "", "infra/requirements.txt": ""}, {"toolchain": "uv"}, "uv", "uv.lock"),
        ({"infra/poetry.lock": ""}, {"toolchain": "poetry"}, "poetry", "infra/poetry.lock"),
        ({"infra/requirements.txt": ""}, {"virtualenv": "venv"}, "pip", "infra/requirements.txt"),
    ],
)
def test_the_nearest_lock_file_counts_of_the_tool_that_is_named(
    tmp_path: Path, files: Mapping[str, str], options: Mapping[str, str], tool: str, file: str
) -> None:
    found = decided(tmp_path, files, **options)

    assert isinstance(found, Locked)
    assert (found.tool, found.file) == (tool, tmp_path / "repository" / file)


def test_files_outside_of_the_repository_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")

    assert decided(tmp_path, {}) == AsFound(None)


def test_a_named_toolchain_needs_its_lock_file(tmp_path: Path) -> None:
    with pytest.raises(CannotRerun, match="toolchain: uv"):
        decided(tmp_path, {"infra/requirements.txt": ""}, toolchain="uv")


def test_without_any_the_virtual_environment_on_this_machine_is_used(tmp_path: Path) -> None:
    python = tmp_path / "here" / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()

    assert decided(tmp_path, {}, virtualenv="venv") == AsFound(tmp_path / "here" / "venv")
    assert decided(tmp_path, {}, virtualenv=str(tmp_path / "here/venv")) == AsFound(tmp_path / "here" / "venv")


def test_a_virtual_environment_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotRerun, match="names the virtual environment venv, there is none in"):
        decided(tmp_path, {}, virtualenv="venv")


@pytest.mark.parametrize(
    ("file", "content", "project", "local"),
    [
        ("requirements.txt", "pulumi>=3,<4  # the SDK\npulumi-aws==7.51.1; python_version > '3'\n\n# end\n", "", False),
        ("requirements.txt", "pulumi[all]==3.272.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n", "", False),
        ("requirements.txt", "--extra-index-url https://example.com\nshop @ https://example.com/shop.whl\n", "", False),
        ("requirements.txt", "git-thing @ git+https://example.com/thing@v1\n", "", False),
        ("requirements.txt", "-e .\n", "", True),
        ("requirements.txt", "./lib\n", "", True),
        ("requirements.txt", "lib/shop-1.0-py3-none-any.whl\n", "", True),
        ("requirements.txt", "shop @ file:///srv/shop\n", "", True),
        ("requirements.txt", "-r base.txt\n", "", True),
        ("requirements.txt", "pulumi\n--constraint=base.txt\n", "", True),
        ("uv.lock", INDEX_UV, "", False),
        ("uv.lock", VIRTUAL_UV, "", False),
        ("uv.lock", EDITABLE_UV, "", True),
        ("poetry.lock", INDEX_POETRY, NO_PACKAGE, False),
        ("poetry.lock", INDEX_POETRY, "[tool.poetry]\n", True),
        ("poetry.lock", INDEX_POETRY + '[package.source]\ntype = "directory"\nurl = "lib"\n', NO_PACKAGE, True),
    ],
)
def test_packages_from_the_checkout_itself_are_seen(
    tmp_path: Path, file: str, content: str, project: str, local: bool
) -> None:
    found = decided(tmp_path, {f"infra/{file}": content, "infra/pyproject.toml": project})

    assert isinstance(found, Locked)
    assert found.local is local


@pytest.mark.parametrize(
    ("content", "python"), [("3.12\n", "3.12"), ("3.11.4", "3.11"), ("pypy3.10\n", None), ("shop-environment", None)]
)
def test_the_python_it_says_it_runs_on(tmp_path: Path, content: str, python: str | None) -> None:
    found = decided(tmp_path, {"infra/requirements.txt": "", ".python-version": content})

    assert isinstance(found, Locked)
    assert found.python == python


def test_a_lock_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(CannotRerun, match=r"its uv\.lock can't be read"):
        decided(tmp_path, {"infra/uv.lock": "no = toml = at all"})
