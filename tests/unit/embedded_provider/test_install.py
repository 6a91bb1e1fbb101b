"""The plugin folder the engine finds the stand-in in."""

from importlib.metadata import version
from pathlib import Path

import pytest

from rollback_plugin.embedded.provider import install_provider
from rollback_plugin.embedded.provider.install import OFFICIAL_PLUGIN_VARIABLE, is_stand_in
from rollback_plugin.errors import EmbeddedError


@pytest.fixture
def executable(tmp_path: Path) -> Path:
    return tmp_path / "plugins" / f"resource-aws-v{version('pulumi_aws')}" / "pulumi-resource-aws"


def test_is_named_after_the_installed_sdk_and_can_be_run(tmp_path: Path, executable: Path) -> None:
    install_provider(tmp_path)

    assert executable.stat().st_mode & 0o100
    assert [each.name for each in executable.parent.iterdir()] == ["pulumi-resource-aws"]


def test_installing_again_changes_nothing(tmp_path: Path, executable: Path) -> None:
    install_provider(tmp_path)
    first = executable.read_bytes()

    install_provider(tmp_path)

    assert executable.read_bytes() == first
    assert len(list(executable.parent.iterdir())) == 1


def test_a_real_provider_is_left_alone(tmp_path: Path, executable: Path) -> None:
    executable.parent.mkdir(parents=True)
    executable.write_bytes(b"\x7fELF")

    with pytest.raises(EmbeddedError, match="is a real aws provider"):
        install_provider(tmp_path)

    assert executable.read_bytes() == b"\x7fELF"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "plugins").write_text("a file, not a folder")

    with pytest.raises(EmbeddedError, match="resource-aws"):
        install_provider(tmp_path)


def test_the_official_plugin_takes_the_stand_ins_place_where_the_environment_names_it(
    tmp_path: Path, executable: Path
) -> None:
    official = tmp_path / "official" / "pulumi-resource-aws"
    official.parent.mkdir()
    official.write_bytes(b"\x7fELF")
    official.chmod(0o755)
    install_provider(tmp_path)

    for _ in range(2):
        install_provider(tmp_path, {OFFICIAL_PLUGIN_VARIABLE: str(official)})

    assert executable.resolve() == official
    assert not is_stand_in(executable)
    assert executable.parent.is_dir()
    assert not executable.parent.is_symlink()
    assert [each.name for each in executable.parent.iterdir()] == ["pulumi-resource-aws"]


def test_an_official_plugin_that_is_not_there_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"/nowhere.*pulumi plugin install resource aws \d"):
        install_provider(tmp_path, {OFFICIAL_PLUGIN_VARIABLE: "/nowhere/pulumi-resource-aws"})
