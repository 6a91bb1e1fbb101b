"""Which engine the set-up takes, and where it puts it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import go_build, install
from engine.install import Engine, OfficialInstallError, Sources

OFFICIAL = "3.272.0"
BUILT = "3.259.0"


def executable(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def quietly(_line: str) -> None:
    """Take a progress line that the test isn't about."""


def no_official(_root: Path) -> None:
    raise OfficialInstallError("name not known")


def unexpected(_path: Path) -> None:
    pytest.fail("this way to an engine should not have been tried")


@pytest.fixture
def nothing_anywhere(tmp_path: Path) -> Sources:
    """A machine with no engine, no official install and no way to build one."""
    return Sources(
        on_path=lambda: None,
        version_of=lambda command: install.engine_version(command, {"PATH": os.defpath}),
        official=no_official,
        build=unexpected,
        cache=tmp_path / "cache",
        official_version=OFFICIAL,
        built_version=BUILT,
    )


def cached(sources: Sources, version: str) -> Path:
    return executable(sources.cache / version / "bin" / "pulumi")


@pytest.mark.parametrize("version", [BUILT, "3.259.1", "3.300.0", "4.0.0"])
def test_an_engine_on_path_that_is_new_enough_is_taken(nothing_anywhere: Sources, tmp_path: Path, version: str) -> None:
    engine = Engine(executable(tmp_path / "usr" / "pulumi", f"echo v{version}"), has_language_host=False)
    cached(nothing_anywhere, OFFICIAL)

    assert install.choose(replace(nothing_anywhere, on_path=lambda: engine), say=quietly) == engine


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo v3.258.9", "is version 3.258.9"),
        ("echo nonsense", "doesn't tell its version"),
        ("exit 1", "doesn't tell its version"),
    ],
)
def test_an_engine_on_path_that_will_not_do_is_named_and_passed_over(
    nothing_anywhere: Sources, tmp_path: Path, script: str, found: str
) -> None:
    present = Engine(executable(tmp_path / "usr" / "pulumi", script), has_language_host=True)
    in_cache = cached(nothing_anywhere, BUILT)
    said: list[str] = []

    chosen = install.choose(replace(nothing_anywhere, on_path=lambda: present), say=said.append)

    assert chosen == Engine(in_cache, has_language_host=False)
    assert str(present.command) in said[0]
    assert found in said[0]
    assert BUILT in said[0]


def test_an_official_engine_in_the_cache_goes_before_a_built_one(nothing_anywhere: Sources) -> None:
    cached(nothing_anywhere, BUILT)
    official = cached(nothing_anywhere, OFFICIAL)

    chosen = install.choose(replace(nothing_anywhere, official=unexpected), say=quietly)

    assert chosen == Engine(official, has_language_host=True)


def test_a_built_engine_in_the_cache_is_taken_without_asking_the_network(nothing_anywhere: Sources) -> None:
    built = cached(nothing_anywhere, BUILT)

    chosen = install.choose(replace(nothing_anywhere, official=unexpected), say=quietly)

    assert chosen == Engine(built, has_language_host=False)


def test_the_official_install_goes_before_a_build(nothing_anywhere: Sources) -> None:
    def official(root: Path) -> None:
        executable(root / "bin" / "pulumi")

    chosen = install.choose(replace(nothing_anywhere, official=official), say=quietly)

    assert chosen == Engine(nothing_anywhere.cache / OFFICIAL / "bin" / "pulumi", has_language_host=True)
    assert chosen.command.exists()


def test_without_an_official_install_the_engine_is_built_and_the_reason_said(nothing_anywhere: Sources) -> None:
    built: list[Path] = []
    said: list[str] = []

    chosen = install.choose(replace(nothing_anywhere, build=built.append), say=said.append)

    assert built == [nothing_anywhere.cache / BUILT / "bin" / "pulumi"]
    assert chosen == Engine(built[0], has_language_host=False)
    assert any("name not known" in line for line in said)


@pytest.mark.parametrize(
    ("text", "version"), [("v3.259.0\n", (3, 259, 0)), ("3.272.0", (3, 272, 0)), ("v3.1.0-alpha.17+x", (3, 1, 0))]
)
def test_versions_are_read_as_the_engine_prints_them(text: str, version: install.Version) -> None:
    assert install.parse_version(text) == version


def test_asking_an_engine_for_its_version_keeps_away_from_the_users_pulumi_home(tmp_path: Path) -> None:
    command = executable(tmp_path / "pulumi", f'echo "$PULUMI_HOME" > {tmp_path}/home; echo v{BUILT}')

    install.engine_version(command, {"PATH": os.defpath, "PULUMI_HOME": "/users/own"})

    assert (tmp_path / "home").read_text().strip() not in {"", "/users/own"}


@pytest.mark.parametrize("host_folder", ["cli", "elsewhere", None])
def test_a_language_host_counts_beside_the_engines_real_file_or_on_path(
    tmp_path: Path, host_folder: str | None
) -> None:
    real = executable(tmp_path / "cli" / "pulumi")
    (tmp_path / "bin").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(real)
    if host_folder is not None:
        executable(tmp_path / host_folder / "pulumi-language-python")

    found = install.engine_on_path(f"{tmp_path / 'bin'}:{tmp_path / 'elsewhere'}")

    assert found == Engine(real, has_language_host=host_folder is not None)


def test_no_engine_on_path_is_none(tmp_path: Path) -> None:
    assert install.engine_on_path(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("configured", "cache"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, "/caches/rollback-plugin/engine"),
        ({"XDG_CACHE_HOME": ""}, "/home/me/.cache/rollback-plugin/engine"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/rollback-plugin/engine"),
        ({}, "/home/me/.cache/rollback-plugin/engine"),
    ],
)
def test_engines_are_kept_in_the_users_cache(configured: dict[str, str], cache: str) -> None:
    assert install.cache_directory({"HOME": "/home/me", **configured}) == Path(cache)


def test_an_engine_without_a_language_host_is_laid_beside_ours_as_one_real_file(tmp_path: Path) -> None:
    engine = Engine(executable(tmp_path / "cache" / "pulumi", "echo engine"), has_language_host=False)
    environment = tmp_path / "a folder" / "bin"
    environment.mkdir(parents=True)
    interpreter = executable(environment / "python", 'echo "$@"')

    install.lay_into(environment, engine, interpreter, search_path="")

    assert not (environment / "pulumi").is_symlink()
    assert subprocess.check_output([environment / "pulumi"], text=True) == "engine\n"
    launched = subprocess.check_output([environment / "pulumi-language-python", "127.0.0.1:1"], text=True)
    assert launched == f"{install.LANGUAGE_HOST} 127.0.0.1:1\n"


def test_an_official_engine_from_the_cache_is_linked_with_all_its_companions(tmp_path: Path) -> None:
    engine = Engine(executable(tmp_path / "cache" / "pulumi"), has_language_host=True)
    host = executable(tmp_path / "cache" / "pulumi-language-python")
    environment = tmp_path / "bin"
    environment.mkdir()

    install.lay_into(environment, engine, environment / "python", search_path="")

    assert (environment / "pulumi").resolve() == engine.command
    assert (environment / "pulumi-language-python").resolve() == host


def test_a_complete_engine_on_path_replaces_what_was_laid_before(tmp_path: Path) -> None:
    engine = Engine(executable(tmp_path / "usr" / "pulumi"), has_language_host=True)
    environment = tmp_path / "bin"
    executable(environment / "pulumi")
    executable(environment / "pulumi-language-python")
    executable(environment / "python")

    install.lay_into(environment, engine, environment / "python", search_path=str(tmp_path / "usr"))

    assert [file.name for file in environment.iterdir()] == ["python"]


def test_the_engine_to_build_is_the_one_that_the_go_module_pins() -> None:
    assert go_build.pinned_version((go_build.MODULE_DIRECTORY / "go.mod").read_text()) == BUILT


def test_a_module_without_the_engine_has_no_version_to_build() -> None:
    with pytest.raises(go_build.GoBuildError, match="doesn't require"):
        go_build.pinned_version("module m\n\ngo 1.25\n")


def test_a_build_leaves_the_engine_where_it_was_asked_for(tmp_path: Path) -> None:
    executable(tmp_path / "go" / "go", 'while [ "$1" != -o ]; do shift; done\necho built > "$2"')
    command = tmp_path / "cache" / "pulumi"

    go_build.build(command, BUILT, {"PATH": f"{tmp_path / 'go'}:{os.defpath}"}, say=quietly)

    assert command.read_text() == "built\n"
    assert sorted(file.name for file in command.parent.iterdir()) == ["build.lock", "pulumi"]


def test_who_waited_for_another_build_takes_its_result_instead_of_building_again(tmp_path: Path) -> None:
    executable(tmp_path / "go" / "go", "exit 1")
    command = tmp_path / "cache" / "pulumi"
    program = (
        "import functools, sys; from pathlib import Path; from engine import go_build;"
        "go_build.build(Path(sys.argv[1]), sys.argv[2], {'PATH': sys.argv[3]}, functools.partial(print, flush=True))"
    )
    with go_build.locked(command.parent / "build.lock", on_wait=lambda: pytest.fail("nobody else builds yet")):
        second = subprocess.Popen(
            [sys.executable, "-c", program, command, BUILT, str(tmp_path / "go")],
            cwd=go_build.MODULE_DIRECTORY.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
        command.write_text("built by the first")

    assert second.wait(timeout=30) == 0
    assert command.read_text() == "built by the first"


def test_a_failed_build_leaves_no_engine_and_shows_the_end_of_what_go_said(tmp_path: Path) -> None:
    executable(tmp_path / "go" / "go", "seq 1 100; echo 'no such host'; exit 1")
    command = tmp_path / "cache" / "pulumi"

    with pytest.raises(go_build.GoBuildError) as failure:
        go_build.build(command, BUILT, {"PATH": f"{tmp_path / 'go'}:{os.defpath}"}, say=quietly)

    assert "no such host" in str(failure.value)
    assert "\n80\n" not in str(failure.value)
    assert "https://www.pulumi.com/docs/install" in str(failure.value)
    assert [file.name for file in command.parent.iterdir()] == ["build.lock"]


def test_without_go_the_message_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(go_build.GoBuildError, match="Install Go"):
        go_build.build(tmp_path / "pulumi", BUILT, {"PATH": str(tmp_path)}, say=quietly)
