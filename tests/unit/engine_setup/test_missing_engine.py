"""A test that needs the engine fails without one: a skipped test would look like a passed suite."""

import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[2] / "conftest.py"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite under the project's conftest, of one test that needs the engine and one that doesn't."""
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makeini("[pytest]\nmarkers =\n    engine: needs the engine\n")
    pytester.makepyfile(
        "import pytest\n@pytest.mark.engine\ndef test_with_engine(): pass\ndef test_without_engine(): pass\n"
    )
    return pytester


def test_without_an_engine_the_tests_that_need_it_fail_and_say_what_to_run(
    suite: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    result = suite.runpytest_inprocess()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*make test*"])


def test_the_engine_beside_the_interpreter_is_found_without_being_on_path(
    suite: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    suite.runpytest_inprocess().assert_outcomes(passed=2)
