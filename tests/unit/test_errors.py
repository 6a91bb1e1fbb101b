"""The tree that the module draws is the tree there is."""

import inspect
import re

from rollback_plugin import errors

DEPTH_STEP = 4


def drawn() -> dict[str, tuple[str | None, int]]:
    """Name → (parent, exit code), from the docstring; a leaf exits with its parent's code."""
    tree: dict[str, tuple[str | None, int]] = {}
    path: list[str] = []
    picture = inspect.getdoc(errors)
    assert picture is not None
    for branch, name, code in re.findall(r"^ {4}([│ ├└─]*)(\w+)(?: +exit (\d))?", picture, re.MULTILINE):
        depth = len(branch) // DEPTH_STEP
        del path[depth:]
        parent = path[-1] if path else None
        tree[name] = (parent, int(code) if code else tree[str(parent)][1])
        path.append(name)
    return tree


def classes() -> list[type[errors.RollbackPluginError]]:
    members = [member for _, member in inspect.getmembers(errors, inspect.isclass)]
    found = [member for member in members if issubclass(member, errors.RollbackPluginError)]
    assert found == members
    return found


def test_every_error_is_where_the_picture_has_it() -> None:
    real = {
        found.__name__: (None if found is errors.RollbackPluginError else found.__mro__[1].__name__, found.exit_code)
        for found in classes()
    }
    assert drawn() == real


def test_every_error_says_what_it_is_for() -> None:
    assert all(found.__doc__ for found in classes())
