"""`rollback record`."""

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, say, show, warn
from rollback_plugin.cli.session import open_stack


def record(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """Seal the deploys that the backend has and the store hasn't, each as a version, and say whether it can be undone.

    Run it after `pulumi up`, in the project's folder: asset bytes whose hashes match are captured too, where the
    program didn't call track().
    """
    controller = open_stack(stack, folder)
    result = controller.recorder.record()
    for warning in result.warnings:
        warn(warning)
    if output is Output.TEXT:
        if result.sealed:
            say("Recorded version " + ", ".join(str(number) for number in result.sealed) + ".")
        else:
            say("Nothing new: every deploy is recorded.")
    way_back = controller.way_back.plan()
    if output is Output.JSON:
        print_json({"sealed": list(result.sealed), "warnings": list(result.warnings), "way_back": way_back})
    elif way_back is not None:
        from rollback_plugin.report.way_back import way_back_view

        show(way_back_view(way_back))
