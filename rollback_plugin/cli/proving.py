"""`rollback evidence`."""

from typing import Annotated

import typer

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, show
from rollback_plugin.cli.session import open_stack
from rollback_plugin.errors import UnknownVersion
from rollback_plugin.stored import plain, read


def evidence(
    version: Annotated[
        int | None, typer.Argument(help="The version that was judged; otherwise the newest one that was.", min=1)
    ] = None,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """What a rollback, or holding one back, rested on: alarms, their values around the deploy, log lines, requests.

    It is kept by `rollback watch` and the workers once the judgement was carried out. The stack's own secrets are taken
    out of log lines.
    """
    from rollback_plugin.report.evidence import evidence_view
    from rollback_plugin.signals.evidence import Evidence

    controller = open_stack(stack, folder)
    status = controller.status()
    judged = [known for known in status.versions if known.evidence is not None and known.pruned is None]
    if version is not None:
        asked = status.kept_version(version)
        judged = [asked] if asked.evidence is not None else []
    if not judged or judged[-1].evidence is None:
        which = "any version" if version is None else f"version {version}"
        raise UnknownVersion(
            f"No evidence on {which} of {controller.stack} was kept: it is kept by `rollback watch` or a worker, "
            "after a rollback was carried out or held back."
        )
    kept = controller.archive.blobs.read(judged[-1].evidence.digest)
    found = read(kept, Evidence)
    if output is Output.JSON:
        print_json(plain(found))
    else:
        show(evidence_view(found))
