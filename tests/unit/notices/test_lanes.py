"""Work beside the main one: in order per lane, bounded, and never in the way of the process' end."""

import subprocess
import sys
import threading
from collections.abc import Callable

from rollback_plugin.notices.lanes import THREADS, WAITING_PER_THREAD, Lanes


def ignore(error: Exception) -> None:
    raise AssertionError from error


def waiting_for(event: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        event.wait(30)

    return wait


def test_a_lane_keeps_the_order_of_its_work() -> None:
    lanes, done = Lanes(ignore), list[int]()
    for number in range(200):
        lanes.put("stack", lambda number=number: done.append(number))  # type: ignore[misc]

    assert lanes.finish(30)
    assert done == list(range(200))


def test_a_lane_that_waits_does_not_hold_up_another() -> None:
    lanes, go_on, done = Lanes(ignore), threading.Event(), threading.Event()
    lanes.put("slow", waiting_for(go_on))
    for number in range(THREADS * 4):
        lanes.put(f"lane {number}", done.set)

    assert done.wait(30)
    go_on.set()
    assert lanes.finish(30)


def test_more_than_can_wait_is_refused() -> None:
    lanes, go_on, begun = Lanes(ignore), threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(30)

    lanes.put("stack", wait)
    assert begun.wait(30)
    taken = [lanes.put("stack", lambda: None) for _ in range(WAITING_PER_THREAD + 1)]

    assert taken == [True] * WAITING_PER_THREAD + [False]
    assert not lanes.finish(0)
    go_on.set()
    assert lanes.finish(30)


def test_a_defect_is_told_and_the_lane_goes_on() -> None:
    defects: list[Exception] = []
    lanes, done = Lanes(defects.append), threading.Event()

    def fail() -> None:
        raise KeyError("defect")

    lanes.put("stack", fail)
    lanes.put("stack", done.set)

    assert lanes.finish(30)
    assert done.is_set()
    assert [type(defect) for defect in defects] == [KeyError]


def test_work_that_does_not_end_keeps_no_process_from_ending() -> None:
    program = (
        "import threading\nfrom rollback_plugin.notices.lanes import Lanes\n"
        "lanes = Lanes(print)\nlanes.put('stack', threading.Event().wait)\nprint(lanes.finish(0.05))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.strip() == "False"
