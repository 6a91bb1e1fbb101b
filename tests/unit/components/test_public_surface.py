"""What `import rollback_plugin` offers, and what it costs."""

import subprocess
import sys

import pytest

import rollback_plugin


def test_the_public_surface_is_exactly_this() -> None:
    assert rollback_plugin.__all__ == [
        "LambdaService",
        "LambdaServiceArgs",
        "RollbackController",
        "RollbackControllerArgs",
        "track",
    ]
    assert set(rollback_plugin.__all__) <= set(dir(rollback_plugin))


@pytest.mark.parametrize("name", rollback_plugin.__all__)
def test_each_public_name_can_be_imported(name: str) -> None:
    assert getattr(rollback_plugin, name).__name__ == name


def test_a_name_it_does_not_have_is_missing_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Missing'"):
        rollback_plugin.Missing  # noqa: B018


def test_importing_the_package_imports_no_pulumi() -> None:
    program = "import sys, rollback_plugin; print([name for name in sys.modules if name.startswith('pulumi')])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
