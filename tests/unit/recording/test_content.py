"""The same content has the same digest on every machine, and other content another."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rollback_plugin.recording.content import content_digest, project_files


def write(root: Path, name: str, text: str = "") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
    )


def names(root: Path) -> tuple[str, ...]:
    return project_files(root, root / "Pulumi.dev.yaml").names


def digest(root: Path) -> str:
    return content_digest(project_files(root, root / "Pulumi.dev.yaml"), root / "Pulumi.dev.yaml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root, "Pulumi.yaml", "name: shop\nruntime: python\n")
    write(root, "Pulumi.dev.yaml", "config:\n  shop:token:\n    secure: v1:cipher\n")
    write(root, "Pulumi.prod.yaml", "config: {}\n")
    write(root, "__main__.py", "import pulumi\n")
    write(root, "app/handler.py", "def handler(): ...\n")
    return root


CONTENT = ("Pulumi.dev.yaml", "Pulumi.yaml", "__main__.py", "app/handler.py")


def test_without_git_what_tools_make_is_left_out(project: Path) -> None:
    for name in (
        "venv/pyvenv.cfg",
        "venv/lib/x.py",
        "node_modules/a/index.js",
        "app/__pycache__/handler.pyc",
        "app/handler.pyc",
        ".pulumi/stacks/dev.json",
        ".rollback/blobs/x",
    ):
        write(project, name)

    assert names(project) == CONTENT


def test_with_git_what_it_ignores_is_left_out_and_what_is_new_counts(project: Path) -> None:
    write(project, ".gitignore", "build/\n")
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    write(project, "build/code.zip")
    write(project, "new.py")
    (project / "app/handler.py").unlink()

    assert names(project) == (".gitignore", "Pulumi.dev.yaml", "Pulumi.yaml", "__main__.py", "new.py")


def test_only_the_projects_own_folder_of_a_repository_counts(project: Path) -> None:
    git(project.parent, "init", "-q")
    write(project.parent, "other/file.py")

    assert names(project) == CONTENT


def test_a_folder_that_its_repository_ignores_is_walked(project: Path) -> None:
    write(project.parent, ".gitignore", "project/\n")
    git(project.parent, "init", "-q")

    assert names(project) == CONTENT


def test_variables_that_name_another_repository_do_not_matter(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, ".gitignore", "build/\n")
    write(project, "build/code.zip")
    write(tmp_path, "other/file.py")
    for root in (project, tmp_path / "other"):
        git(root, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))

    assert names(project) == (".gitignore", *CONTENT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_checkout_of_another_user_is_asked_too(project: Path) -> None:
    write(project, ".gitignore", "build/\n")
    write(project, "build/code.zip")
    git(project, "init", "-q")
    for path in (project, project / ".git"):
        os.chown(path, 54321, 54321)

    assert names(project) == (".gitignore", *CONTENT)


def test_the_files_of_a_submodule_count(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "library/code.py", "1")
    git(tmp_path / "library", "init", "-q")
    git(tmp_path / "library", "add", ".")
    git(tmp_path / "library", "commit", "-qm", "first")
    git(project, "init", "-q")
    git(project, "submodule", "add", "-q", str(tmp_path / "library"), "library")

    assert "library/code.py" in names(project)
    assert not [name for name in names(project) if name.startswith("library/.git/")]


def change(name: str, text: str) -> Callable[[Path], None]:
    return lambda root: write(root, name, text)


def relink(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("app/handler.py")


@pytest.mark.parametrize(
    "what",
    [
        change("app/handler.py", "def handler(): return 1\n"),
        change("app/new.py", ""),
        change("Pulumi.dev.yaml", "config:\n  shop:token:\n    secure: v1:other\n"),
        change("Pulumi.yaml", "name: shop\nruntime: nodejs\n"),
        lambda root: (root / "app/handler.py").rename(root / "app/renamed.py"),
        lambda root: (root / "app/handler.py").unlink(),
        lambda root: (root / "Pulumi.dev.yaml").unlink(),
        relink,
    ],
    ids=["content", "new file", "config", "project", "renamed", "deleted", "no config", "link"],
)
def test_any_change_is_another_digest(project: Path, what: Callable[[Path], None]) -> None:
    (project / "link").symlink_to("__main__.py")
    before = digest(project)

    what(project)

    assert digest(project) != before


@pytest.mark.parametrize(
    "what",
    [
        change("Pulumi.prod.yaml", "config: {a: b}\n"),
        change("app/__pycache__/x.pyc", "x"),
        lambda root: os.utime(root / "__main__.py", (0, 0)),
        lambda root: git(root, "init", "-q"),
    ],
    ids=["another stack's config", "caches", "time stamps", "version control"],
)
def test_what_is_not_content_does_not_matter(project: Path, what: Callable[[Path], None]) -> None:
    before = digest(project)

    what(project)

    assert digest(project) == before


def test_the_place_on_the_machine_does_not_matter(project: Path, tmp_path: Path) -> None:
    before = digest(project)

    project.rename(tmp_path / "elsewhere")

    assert digest(tmp_path / "elsewhere") == before
