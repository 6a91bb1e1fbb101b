"""What keeps a recorded program from being run again."""

from typing import Literal


class CannotRerun(Exception):
    """Found before anything is touched; becomes a refusal of the plan.

    part: what is at fault. why: what was found and the way out, as a sentence without capital and full stop.
    """

    def __init__(self, part: Literal["source", "environment"], why: str) -> None:
        super().__init__(why)
        self.part = part
        self.why = why
