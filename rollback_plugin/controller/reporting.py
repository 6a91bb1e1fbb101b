"""Whom a process tells of its work, besides the person or pipeline that started it."""

from dataclasses import dataclass

from rollback_plugin.controller.meters import EntryMeter
from rollback_plugin.journal.journal import EntryListener
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import SILENT, Telemetry
from rollback_plugin.telemetry.log import NO_LOG, Log


@dataclass(frozen=True)
class Reporting:
    """Shared by all stacks of a process."""

    telemetry: Telemetry = SILENT
    log: Log = NO_LOG

    def listener(self, stack: StackName) -> EntryListener:
        """Hears of the entries of a stack's journal."""
        return EntryMeter(stack, self.telemetry, self.log)


UNREPORTED = Reporting()
"""Tells nobody."""
