"""`make test-deep`: any number of pairs, in several processes, going on where the last run ended."""

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns import Progress, say
from tests.equivalence.draws import shrunk, tried_until_deployable
from tests.equivalence.model import Chain
from tests.equivalence.rendering import rendered
from tests.equivalence.trial import Outcome, Verdict, reason_of, tried
from tests.equivalence.workbench import Workbench

PAIRS_OF_A_PROCESS = 10
SHOWN_DETAILS = 4
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Result:
    """One line of the progress file."""

    pair: int
    attempt: int
    verdict: str
    details: tuple[str, ...]
    seconds: float


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make test-deep")
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--pair", type=int, help="try this one alone, and shrink it if it fails")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    # Only now, because the processes started below read this module again.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if chosen.pair is not None:
        return _one(chosen.pair)
    return _all(chosen.pairs, chosen.workers)


def _all(pairs: int, workers: int) -> int:
    progress = Progress(".equivalence", Result, ("rollback_plugin", "tests/equivalence"))
    known = {result.pair: result for result in progress.known() if result.pair < pairs}
    missing = [pair for pair in range(pairs) if pair not in known]
    say(f"{len(known)} of {pairs} pairs are known from {progress.shown}")
    for result in _tried_in_processes(missing, workers):
        known[result.pair] = result
        progress.add(result)
        say(f"{len(known)}/{pairs}  pair {result.pair}: {result.verdict}  {result.seconds:.1f} s")
        if result.verdict == Verdict.FAILED:
            for detail in result.details[:SHOWN_DETAILS]:
                say(f"    {detail[:SHOWN_CHARACTERS]}")
    return _conclusion(list(known.values()))


def _tried_in_processes(pairs: list[int], workers: int) -> Iterator[Result]:
    """A process for every few pairs: moto keeps every account that was ever used in it."""
    batches = [pairs[first : first + PAIRS_OF_A_PROCESS] for first in range(0, len(pairs), PAIRS_OF_A_PROCESS)]
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=1) as pool:
        for results in pool.imap_unordered(_results, batches):
            yield from results


def _results(pairs: list[int]) -> list[Result]:
    parent = multiprocessing.parent_process()
    with Workbench() as bench:
        # A killed parent can't tell its workers to end.
        return [_result(pair, bench) for pair in pairs if parent is not None and parent.is_alive()]


def _result(pair: int, bench: Workbench) -> Result:
    started = time.monotonic()
    attempt, outcome = tried_until_deployable(pair, lambda chain: _outcome(chain, bench))
    return Result(pair, attempt, outcome.verdict, outcome.details, time.monotonic() - started)


def _outcome(chain: Chain, bench: Workbench) -> Outcome:
    try:
        return tried(chain, bench)
    except Exception:  # noqa: BLE001 - one pair's crash is that pair's failure, and told in full
        return Outcome(Verdict.FAILED, (traceback.format_exc(),))


def _one(pair: int) -> int:
    with Workbench() as bench:
        attempt, outcome = tried_until_deployable(pair, lambda chain: _outcome(chain, bench))
        say(f"pair {pair}, attempt {attempt}: {outcome.verdict}")
        for detail in outcome.details:
            say(f"    {detail}")
        if outcome.verdict is not Verdict.FAILED:
            return 0
        say("shrinking; this takes up to five minutes")
        found = shrunk(pair, attempt, lambda chain: _outcome(chain, bench))
    if found is None:
        say("it did not fail again: what came out depends on something else than the programs")
        return 1
    chain, outcome = found
    for number, version in enumerate(chain.versions, 1):
        program = rendered(version, tracked=chain.tracked)
        say(f"\n# version {number}\n{program.code}")
        for name, content in program.files.items():
            say(f"# {name}: {content!r}")
    aliases = "with" if chain.aliased_both_ways else "without"
    say(f"\nback to version {chain.target + 1}, {aliases} aliases in the older versions:")
    for detail in outcome.details:
        say(f"    {detail}")
    return 1


def _conclusion(results: list[Result]) -> int:
    verdicts = Counter(result.verdict for result in results)
    refusals = Counter(
        reason for result in results if result.verdict == Verdict.REFUSED for reason in {reason_of(result.details)}
    )
    seconds = sum(result.seconds for result in results)
    rows: list[tuple[str, str]] = [("pairs", str(len(results)))]
    for verdict in Verdict:
        rows.append((verdict.value, f"{verdicts[verdict]} ({verdicts[verdict] / max(len(results), 1):.1%})"))
        if verdict is Verdict.REFUSED:
            rows.extend((f"  {reason}", str(count)) for reason, count in refusals.most_common())
    rows.append(("drawn anew", str(sum(result.attempt for result in results))))
    rows.append(("seconds in all", f"{seconds:.0f}"))
    rows.append(("seconds per pair", f"{seconds / max(len(results), 1):.1f}"))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"{name:<{width}}  {value}")
    failed = sorted(result.pair for result in results if result.verdict == Verdict.FAILED)
    if failed:
        say(f"failed: {', '.join(map(str, failed))}; look at one with: make test-deep PAIR={failed[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
