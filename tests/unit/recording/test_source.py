"""Where a program came from is written down so that it can be had again, and nobody's password with it."""

import io
import tarfile
from pathlib import Path

import pytest
import zstandard

from rollback_plugin.recording.content import project_files
from rollback_plugin.recording.source import source_of, without_credentials
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import Source
from tests.unit.recording.test_content import git, write


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(FolderStore(tmp_path / "store"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "repository" / "infra"
    write(root, "Pulumi.yaml", "name: shop\nruntime: python\n")
    write(root, "__main__.py", "1")
    return root


def found(project: Path, blobs: BlobStore) -> Source:
    return source_of(project_files(project, project / "Pulumi.dev.yaml"), blobs)


def commit(project: Path, *, push: bool = True) -> None:
    repository = project.parent
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "first")
    remote = repository.parent / "remote.git"
    git(repository, "init", "-q", "--bare", str(remote))
    git(repository, "remote", "add", "origin", str(remote))
    if push:
        git(repository, "push", "-q", "origin", "main")
    git(repository, "remote", "set-url", "origin", "https://me:hunter2@example.com/shop.git")


def unpack(blobs: BlobStore, digest: str | None) -> dict[str, tarfile.TarInfo]:
    assert digest is not None
    stream = zstandard.ZstdDecompressor().decompress(blobs.read(digest))
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        return {info.name: info for info in tar}


def test_a_clean_pushed_commit_says_it_all(project: Path, blobs: BlobStore) -> None:
    commit(project)

    source = found(project, blobs)

    assert source.commit is not None
    assert len(source.commit) == 40
    assert source == Source(
        commit=source.commit, branch="main", origin="https://example.com/shop.git", folder="infra", dirty=False
    )


@pytest.mark.parametrize("dirty", ["changed", "untracked", "deleted"])
def test_a_dirty_tree_is_bundled_too(project: Path, blobs: BlobStore, dirty: str) -> None:
    write(project, "old.py")
    commit(project)
    match dirty:
        case "changed":
            write(project, "__main__.py", "2")
        case "untracked":
            write(project, "new.py", "2")
        case "deleted":
            (project / "old.py").unlink()

    source = found(project, blobs)

    assert source.dirty
    assert set(unpack(blobs, source.bundle)) == set(project_files(project, project / "Pulumi.dev.yaml").names)


def test_dirt_elsewhere_in_the_repository_is_not_the_projects(project: Path, blobs: BlobStore) -> None:
    commit(project)
    write(project.parent, "other/new.py")

    assert not found(project, blobs).dirty


def test_a_commit_no_remote_has_is_bundled(project: Path, blobs: BlobStore) -> None:
    commit(project, push=False)

    source = found(project, blobs)

    assert (source.dirty, set(unpack(blobs, source.bundle))) == (False, {"Pulumi.yaml", "__main__.py"})


def test_a_program_without_git_is_bundled_with_its_links_and_modes(project: Path, blobs: BlobStore) -> None:
    write(project, "run.sh", "#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)
    (project / "link.py").symlink_to("__main__.py")

    source = found(project, blobs)

    files = unpack(blobs, source.bundle)
    assert source == Source(bundle=source.bundle)
    assert (files["link.py"].linkname, files["run.sh"].mode, files["__main__.py"].mode) == ("__main__.py", 0o755, 0o644)


def test_the_same_files_give_the_same_bundle(project: Path, blobs: BlobStore) -> None:
    first = found(project, blobs)
    (project / "__main__.py").touch()

    assert found(project, blobs) == first


@pytest.mark.parametrize("name", [".env", "config/.env.local", "tls/server.key", "id_rsa", ".netrc"])
def test_files_people_keep_secrets_in_are_not_bundled(
    project: Path, blobs: BlobStore, tmp_path: Path, name: str
) -> None:
    write(project, name, "hunter2")

    source = found(project, blobs)

    assert name not in unpack(blobs, source.bundle)
    assert source.left_out == (name,)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/shop.git", "https://example.com/shop.git"),
        ("https://me:hunter2@example.com/shop.git", "https://example.com/shop.git"),
        ("https://hunter2@example.com:8443/shop.git?token=hunter2#x", "https://example.com:8443/shop.git"),
        ("ssh://git@example.com/shop.git", "ssh://git@example.com/shop.git"),
        ("ssh://git:hunter2@example.com:22/shop.git", "ssh://git@example.com:22/shop.git"),
        ("git@example.com:shop.git", "git@example.com:shop.git"),
        ("me:hunter2@example.com:shop.git", "example.com:shop.git"),
        ("/srv/git/shop.git", "/srv/git/shop.git"),
    ],
)
def test_credentials_are_taken_out_of_addresses(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
