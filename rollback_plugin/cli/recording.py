"""`rollback record`."""

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, say, warn
from rollback_plugin.cli.session import open_stack


def record(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """Seal the deploys that the backend has and the store hasn't, each as a version.

    Run it after `pulumi up`, in the project's folder: asset bytes whose hashes match are captured too, where the
    program didn't call track().
    """
    result = open_stack(stack, folder).recorder.record()
    for warning in result.warnings:
        warn(warning)
    if output is Output.JSON:
        print_json({"sealed": list(result.sealed), "warnings": list(result.warnings)})
    elif result.sealed:
        say("Recorded version " + ", ".join(str(number) for number in result.sealed) + ".")
    else:
        say("Nothing new: every deploy is recorded.")
