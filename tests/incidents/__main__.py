"""`python -m tests.incidents`: how right the rules are about the corpus."""

import sys

from tests.incidents.incident import incidents
from tests.incidents.score import Outcome, score
from tests.incidents.world import World


def _words(outcome: Outcome) -> str:
    words = ["caught"] if outcome.caught else ["missed"] if outcome.missed else []
    words += [f"blames version {version}" for version in sorted(outcome.blamed)]
    words += [f"recovers version {version}" for version in sorted(outcome.blamed & outcome.recovered)]
    return ", ".join(words) or "left alone"


def main() -> None:
    found = score(World(incident).run() for incident in incidents())
    for outcome in found.outcomes:
        sys.stdout.write(f"{_words(outcome):48} {outcome.incident.name}\n")
    sys.stdout.write(
        f"\n{len(found.outcomes)} incidents; the deploy was the cause of {found.caught + found.missed}.\n"
        f"precision {found.precision:.2f} ({found.caught} of {found.caught + found.blamed} versions condemned were the"
        f" cause; {found.brought_back} of the other {found.blamed} were recovered without a person)\n"
        f"recall    {found.recall:.2f} ({found.caught} of {found.caught + found.missed} bad deploys were condemned)\n"
    )


main()
