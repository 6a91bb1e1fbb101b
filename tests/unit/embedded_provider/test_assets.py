"""The bytes of assets and archives."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from rollback_plugin.embedded.provider.assets import asset_bytes, zip_bytes
from rollback_plugin.embedded.provider.values import Archive, Asset
from rollback_plugin.errors import EmbeddedError


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "lib").mkdir(parents=True)
    (folder / "index.py").write_text("import lib.tax")
    (folder / "lib" / "tax.py").write_text("RATE = 19")
    return folder


APP_MEMBERS = {"index.py": b"import lib.tax", "lib/tax.py": b"RATE = 19"}


def test_a_folder_becomes_a_zip_of_its_files(app: Path) -> None:
    assert members(zip_bytes(Archive(path=str(app)))) == APP_MEMBERS


def test_equal_content_gives_equal_zips(app: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    app.rename(copy)
    first = zip_bytes(Archive(path=str(copy)))
    for file in copy.rglob("*.py"):
        file.touch()

    assert zip_bytes(Archive(path=str(copy))) == first


def test_a_zip_file_is_passed_through(tmp_path: Path) -> None:
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("index.py", "x")

    assert zip_bytes(Archive(path=str(path))) == path.read_bytes()


def test_a_tar_file_is_repacked(app: Path, tmp_path: Path) -> None:
    path = tmp_path / "app.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        packed.add(app / "index.py", "index.py")

    assert members(zip_bytes(Archive(path=str(path)))) == {"index.py": b"import lib.tax"}


def test_named_members_nest(app: Path, tmp_path: Path) -> None:
    (tmp_path / "notice.txt").write_text("notice")
    archive = Archive(
        assets={
            "handler.py": Asset(text="x = 1"),
            "notice.txt": Asset(path=str(tmp_path / "notice.txt")),
            "vendor": Archive(path=str(app)),
        }
    )

    assert members(zip_bytes(archive)) == {
        "handler.py": b"x = 1",
        "notice.txt": b"notice",
        "vendor/index.py": b"import lib.tax",
        "vendor/lib/tax.py": b"RATE = 19",
    }


def test_equal_content_gives_equal_zips_however_it_comes(app: Path, tmp_path: Path) -> None:
    """Modes aren't kept: a tar stream of the engine's has others than the folder it was made of."""
    packed = tmp_path / "app.tar"
    with tarfile.open(packed, "w") as tar:
        for name in APP_MEMBERS:
            (app / name).chmod(0o755)
            tar.add(app / name, name)
            (app / name).chmod(0o600)
    parts = {name: Asset(text=content.decode()) for name, content in APP_MEMBERS.items()}

    zips = {zip_bytes(each) for each in (Archive(path=str(app)), Archive(path=str(packed)), Archive(assets=parts))}

    assert len(zips) == 1


def test_an_asset_is_text_file_or_remote(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_bytes(b"\x00\x01")

    assert asset_bytes(Asset(text="hello")) == b"hello"
    assert asset_bytes(Asset(path=str(path))) == b"\x00\x01"
    assert asset_bytes(Asset(uri=path.as_uri())) == b"\x00\x01"


@pytest.mark.parametrize(
    ("asset", "message"),
    [
        (Asset(hash="ab", path="/no/such/file"), "/no/such/file"),
        (Asset(hash="ab"), "neither path, text nor URI"),
        (Archive(hash="ab"), "neither path, members nor URI"),
        (Archive(path="/no/such/folder"), "/no/such/folder"),
        (Asset(uri="file:///no/such/remote"), "/no/such/remote"),
    ],
)
def test_missing_bytes_are_an_error_that_names_them(asset: Asset | Archive, message: str) -> None:
    with pytest.raises(EmbeddedError, match=message):
        asset_bytes(asset)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "app.rar"
    path.write_text("not an archive")

    with pytest.raises(EmbeddedError, match="neither a folder, a zip nor a tar file"):
        zip_bytes(Archive(path=str(path)))
