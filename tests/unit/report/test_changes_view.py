"""What one version changed against another, on the screen."""

import io
from typing import Any

import pytest
from rich.console import Console

from rollback_plugin.report.changes_view import changes_view
from rollback_plugin.versions.changes import SECRET, ChangeKind, ResourceChange, ValueChange, VersionChanges
from rollback_plugin.versions.version import Source
from tests.unit.versions.examples import FILE

QUEUE = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"


def shown(**parts: Any) -> list[str]:
    none: dict[str, Any] = {
        "before": 1,
        "after": 2,
        "source_before": None,
        "source_after": None,
        "config": (),
        "plugins": (),
        "outputs": (),
        "resources": (),
    }
    written = io.StringIO()
    Console(width=200, file=written).print(changes_view(VersionChanges(**{**none, **parts})))
    return [line.rstrip() for line in written.getvalue().splitlines()]


def test_every_part_that_differs_has_its_lines() -> None:
    lines = shown(
        source_before=Source(commit="a" * 40),
        source_after=Source(commit="b" * 40, dirty=True),
        config=(ValueChange("shop:size", "1", "2"), ValueChange("shop:key", None, SECRET)),
        resources=(
            ResourceChange(QUEUE, "aws:sqs/queue:Queue", ChangeKind.CHANGED, (ValueChange("tags.a", 1, None),)),
            ResourceChange(QUEUE, "aws:sqs/queue:Queue", ChangeKind.REPLACED, ()),
            ResourceChange(QUEUE, "aws:sqs/queue:Queue", ChangeKind.MADE, ()),
            ResourceChange(QUEUE, "aws:sqs/queue:Queue", ChangeKind.REMOVED, ()),
        ),
        outputs=(ValueChange("url", "one", "two"),),
    )

    assert lines == [
        "Version 2 against version 1",
        "source  aaaaaaaaaa → bbbbbbbbbb with changes",
        "config",
        "    shop:size: 1 → 2",
        "    shop:key: (none) → [secret]",
        "~ jobs  aws:sqs/queue:Queue",
        "    tags.a: 1 → (none)",
        "± jobs  aws:sqs/queue:Queue  (made anew)",
        "+ jobs  aws:sqs/queue:Queue",
        "- jobs  aws:sqs/queue:Queue",
        "outputs",
        "    url: one → two",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, True]}, '{"a": [1, true]}'),
        ("x" * 61, "x" * 60 + "…"),
        (FILE, "app.py (ffffffff)"),
    ],
)
def test_values_are_told_in_short(value: Any, text: str) -> None:
    lines = shown(config=(ValueChange("a", value, ""),))

    assert lines[-1].rstrip() == f"    a: {text} →"


def test_where_nothing_differs_that_is_said() -> None:
    assert shown()[-1] == "Nothing differs in config, plugins, resources or outputs."
