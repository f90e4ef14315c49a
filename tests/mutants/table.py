"""How verdicts are printed."""

from collections import Counter

from .everything import EQUIVALENT
from .judging import Verdict


def line(verdict: Verdict) -> str:
    """The row of one mutant: id, area, what was changed, who saw it."""
    mutant = verdict.mutant
    if verdict.survived:
        proof = EQUIVALENT.get(mutant.id)
        fate = f"equivalent: {proof}" if proof else "SURVIVED"
    else:
        fate = f"killed by {verdict.test}"
    message = f"\n{'':<36} {verdict.message[:160]}" if verdict.message else ""
    return f"{mutant.id:<36} {mutant.area:<9} {mutant.claim}\n{'':<36} {fate}{message}"


def summary(verdicts: list[Verdict]) -> str:
    """The counts by area, and the survivors by name."""
    killed = Counter(one.mutant.area for one in verdicts if not one.survived)
    total = Counter(one.mutant.area for one in verdicts)
    rows = [f"{area:<10} {killed[area]:>3} of {total[area]:>3} killed" for area in sorted(total)]
    survivors = [one.mutant.id for one in verdicts if one.survived]
    unexplained = [name for name in survivors if name not in EQUIVALENT]
    rows.append(f"{'all':<10} {sum(killed.values()):>3} of {len(verdicts):>3} killed")
    rows.append(f"equivalent, with a proof: {', '.join(name for name in survivors if name in EQUIVALENT) or 'none'}")
    rows.append(f"SURVIVED: {', '.join(unexplained) or 'none'}")
    return "\n".join(rows)
