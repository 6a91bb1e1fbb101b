"""`rollback record`."""

from typing import TYPE_CHECKING

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, say, show_lines, warn
from rollback_plugin.cli.session import open_stack
from rollback_plugin.errors import CloudError, EngineError, InvalidConfiguration

if TYPE_CHECKING:
    from rollback_plugin.controller.stack_controller import StackController
    from rollback_plugin.journal.entries import Detection


def record(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """Seal the deploys that the backend has and the store hasn't, each as a version.

    Says whether it can be undone, and what its alarms can see.

    Run it after `pulumi up`, in the project's folder: asset bytes whose hashes match are captured too, where the
    program didn't call track().
    """
    from rollback_plugin.controller.beside import answered

    controller = open_stack(stack, folder)
    result = controller.recorder.record()
    for warning in result.warnings:
        warn(warning)
    if output is Output.TEXT:
        if result.sealed:
            say("Recorded version " + ", ".join(str(number) for number in result.sealed) + ".")
        else:
            say("Nothing new: every deploy is recorded.")
    way_back = answered(controller.way_back)
    detection = _detection(controller)
    channels = _channels(controller)
    if output is Output.JSON:
        print_json(
            {
                "sealed": list(result.sealed),
                "warnings": list(result.warnings),
                "way_back": way_back,
                "detection": detection,
                "notices": channels,
            }
        )
        return
    from rollback_plugin.report.detection import detection_view
    from rollback_plugin.report.way_back import way_back_view

    if way_back is not None:
        show_lines(way_back_view(way_back))
    if detection is not None:
        show_lines(detection_view(detection))
    if channels:
        say(f"Notices go to: {', '.join(channels)}.")


def _detection(controller: "StackController") -> "Detection | None":
    """What the alarms see; the deploy is recorded all the same where AWS doesn't say."""
    from rollback_plugin.controller.beside import answered

    try:
        return answered(controller.detection)
    except (CloudError, InvalidConfiguration) as error:
        warn(f"What the stack's alarms can see was not worked out: {error}")
        return None


def _channels(controller: "StackController") -> list[str]:
    """Where notices go: better known before the incident."""
    try:
        return [channel.name for channel in controller.channels()]
    except (EngineError, InvalidConfiguration) as error:
        warn(f"Notices of this stack go nowhere: {error}")
        return []
