"""A recorded program's files are had again as they were, or it is said why they can't be."""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard

from rollback_plugin.replay.source.bundle import unpack
from rollback_plugin.replay.source.checkout import Checkout, lay_out
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import Source
from tests.unit.recording.test_content import git, write


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(FolderStore(tmp_path / "store"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project's folder in a clone with two commits; the clone's working tree is neither of them."""
    repository = tmp_path / "clone"
    write(repository, "infra/Pulumi.yaml", "name: shop\nruntime: python\n")
    write(repository, "infra/__main__.py", "1")
    write(repository, "infra/old.py", "old")
    write(repository, "app.py", "1")
    git(repository, "init", "-q", "-b", "main")
    for message in ("first", "second"):
        write(repository, "infra/__main__.py", message)
        git(repository, "add", ".")
        git(repository, "commit", "-qm", message)
    write(repository, "infra/__main__.py", "not committed")
    return repository / "infra"


@pytest.fixture
def first(clone: Path) -> str:
    return said_by_git(clone, "rev-parse", "main~1")


def said_by_git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def bundled(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, content[3:]
                tar.addfile(member)
            else:
                member.size = len(content.encode())
                tar.addfile(member, io.BytesIO(content.encode()))
    return zstandard.ZstdCompressor().compress(stream.getvalue())


def laid_out(source: Source | None, blobs: BlobStore, clone: Path) -> Checkout:
    into = clone.parents[1] / "scratch"
    into.mkdir()
    return lay_out(source, blobs, clone, into, os.environ)


def refusal(source: Source | None, blobs: BlobStore, clone: Path) -> str:
    with pytest.raises(CannotRerun) as refused:
        laid_out(source, blobs, clone)
    assert refused.value.part == "source"
    return refused.value.why


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_commit_comes_from_the_clone_which_is_not_touched(clone: Path, first: str, blobs: BlobStore) -> None:
    before = everything_in(clone.parent)

    checkout = laid_out(Source(commit=first, origin="/nowhere", folder="infra"), blobs, clone)

    assert (checkout.project / "__main__.py").read_text() == "first"
    assert (checkout.root / "app.py").read_text() == "1"
    assert checkout.project == checkout.root / "infra"
    assert said_by_git(checkout.root, "rev-parse", "HEAD") == first
    assert everything_in(clone.parent) == before


def test_a_commit_that_the_clone_lacks_is_fetched_alone(
    clone: Path, first: str, blobs: BlobStore, tmp_path: Path
) -> None:
    remote = clone.parent.rename(tmp_path / "remote")
    clone.mkdir(parents=True)

    checkout = laid_out(Source(commit=first, origin=remote.as_uri(), folder="infra"), blobs, clone)

    assert (checkout.project / "__main__.py").read_text() == "first"
    assert said_by_git(checkout.root, "rev-list", "--count", "HEAD") == "1"


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("file:///nowhere/shop.git", "its repository file:///nowhere/shop.git can't be reached"),
        (None, "no remote was recorded"),
    ],
)
def test_a_repository_that_can_not_be_asked(clone: Path, blobs: BlobStore, origin: str | None, said: str) -> None:
    why = refusal(Source(commit="0" * 40, origin=origin, folder="infra"), blobs, clone)

    assert f"its commit {'0' * 40} is not in the clone on this machine" in why
    assert said in why


def test_a_commit_that_nobody_has_any_more(clone: Path, blobs: BlobStore) -> None:
    why = refusal(Source(commit="0" * 40, origin=clone.parent.as_uri(), folder="infra"), blobs, clone)

    assert f"its commit {'0' * 40} is gone" in why


@pytest.mark.parametrize(("commit", "origin"), [("--upload-pack=evil", "/remote"), ("0" * 40, "--upload-pack=evil")])
def test_nothing_recorded_becomes_an_option_of_git(clone: Path, blobs: BlobStore, commit: str, origin: str) -> None:
    assert "which can't be one" in refusal(Source(commit=commit, origin=origin), blobs, clone)


def test_the_bundle_is_what_lies_in_the_projects_folder(clone: Path, first: str, blobs: BlobStore) -> None:
    kept = blobs.keep(bundled({"Pulumi.yaml": "name: shop", "__main__.py": "dirty", "lib/new.py": "new"}))

    checkout = laid_out(Source(commit=first, folder="infra", dirty=True, bundle=kept), blobs, clone)

    files = {path.relative_to(checkout.project).as_posix() for path in checkout.project.rglob("*") if path.is_file()}
    assert files == {"Pulumi.yaml", "__main__.py", "lib/new.py"}
    assert (checkout.project / "__main__.py").read_text() == "dirty"
    assert (checkout.root / "app.py").read_text() == "1"
    assert checkout.remarks == ()


def test_a_bundle_does_without_its_commit_and_says_so(clone: Path, blobs: BlobStore) -> None:
    kept = blobs.keep(bundled({"Pulumi.yaml": "name: shop", "__main__.py": "dirty"}))

    checkout = laid_out(Source(commit="0" * 40, folder="infra", dirty=True, bundle=kept), blobs, clone)

    assert (checkout.project / "__main__.py").read_text() == "dirty"
    (remark,) = checkout.remarks
    assert "the rest of its repository" in remark


def test_a_bundle_that_is_gone_or_damaged(clone: Path, blobs: BlobStore, tmp_path: Path) -> None:
    kept = blobs.keep(bundled({"Pulumi.yaml": "name: shop"}))
    path = next((tmp_path / "store").rglob(kept))
    path.write_bytes(b"damaged")
    damaged = refusal(Source(bundle=kept), blobs, clone)
    path.unlink()
    shutil.rmtree(tmp_path / "scratch")

    assert "the bundle of its files is unusable" in damaged
    assert kept in refusal(Source(bundle=kept), blobs, clone)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "was not recorded"),
        (Source(), "was not recorded"),
        (Source(bundle="0" * 64, left_out=(".env", "a.pem")), ".env, a.pem"),
        (Source(left_out=tuple("abcdefg")), "a, b, c, d, e and 2 more"),
        (Source(commit="0" * 40, dirty=True), "nobody kept how"),
        (Source(commit="0" * 40, folder="../../etc"), "outside of its repository"),
        (Source(commit="0" * 40, folder="/etc"), "outside of its repository"),
    ],
)
def test_what_was_recorded_is_not_enough(clone: Path, blobs: BlobStore, source: Source | None, said: str) -> None:
    assert said in refusal(source, blobs, clone)


def test_a_commit_without_a_project_in_its_folder(clone: Path, first: str, blobs: BlobStore) -> None:
    assert "there is no Pulumi.yaml in the folder ." in refusal(Source(commit=first), blobs, clone)


@pytest.mark.parametrize(
    "files",
    [
        {"../outside": "1"},
        {"/outside": "1"},
        {"link": "-> /etc"},
        {"link": "-> ../../outside"},
        {"link": "-> .", "link/../../outside": "1"},
        {"folder": "-> ..", "folder/outside": "1"},
    ],
    ids=lambda files: " ".join(files),
)
def test_nothing_in_a_bundle_gets_out_of_its_folder(tmp_path: Path, files: Mapping[str, str]) -> None:
    folder = tmp_path / "root" / "project"
    folder.mkdir(parents=True)

    with pytest.raises(CannotRerun, match="outside of its folder"):
        unpack(bundled(files), folder, tmp_path / "root")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_links_within_the_repository_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "project"
    folder.mkdir(parents=True)

    unpack(bundled({"run": "1", "inside": "-> run", "beside": "-> ../shared"}), folder, tmp_path / "root")

    assert (folder / "inside").read_text() == "1"
    assert (folder / "beside").readlink() == Path("../shared")


@pytest.mark.parametrize("data", [b"not zstandard", zstandard.ZstdCompressor().compress(b"no tar" * 200)])
def test_bytes_that_are_no_bundle(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(CannotRerun, match="can't be unpacked"):
        unpack(data, tmp_path, tmp_path)
