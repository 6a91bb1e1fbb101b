"""For doubles of a replayer whose engine begins nothing ahead."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from rollback_plugin.journal.options import OperationOptions


class BeginsNothing:
    """Waits until it is asked to apply."""

    def begun(
        self, target: int, operation: str, kind: Literal["rollback", "recovery"], options: OperationOptions
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def has_begun(self, operation: str) -> bool:
        return False
