"""`make mutants ONLY=contract.derived`: every mistake that the contract derives from itself, judged in this process.

The rules of tests/contract/rules.py read a document, so a mistake costs some milliseconds and no copy of the tree.
"""

import functools
import re
from collections import Counter

from contract.core.derived import Mistake, mistakes
from contract.reading import CONTRACT
from contract.rules import RULES, problems

# What no rule need see, by a pattern of its name, with the proof that nobody can tell it from the original.
HARMLESS: dict[str, str] = {
    r"requestBody/.*/value/(model|aspect_ratio|video_number|caller_id|generate_audio|duration) = ": (
        "the request is still one that its model takes, and an example stands for any such request"
    ),
}


@functools.cache
def derived() -> tuple[Mistake, ...]:
    """Every mistake that the contract derives, each once."""
    return tuple({one.name: one for one in mistakes(CONTRACT)}.values())


@functools.cache
def known() -> frozenset[str]:
    """What the rules say of the contract as it is: nothing, or a mistake is not seen by that."""
    return frozenset(problems(CONTRACT))


def seen_by(mistake: Mistake) -> str:
    """Return the first problem that a rule has with the contract once the mistake is in it; nothing if none has."""
    document = mistake.applied(CONTRACT)
    return next((problem for rule in RULES for problem in rule(document) if problem not in known()), "")


def excuse(mistake: Mistake) -> str:
    """Return the proof that a mistake changes nothing for anybody, if there is one."""
    return next((proof for pattern, proof in HARMLESS.items() if re.search(pattern, mistake.name)), "")


def main() -> int:
    """Print the counts by kind and what survived; return the exit code."""
    survivors = [one for one in derived() if not seen_by(one)]
    left = {one.name for one in survivors}
    killed = Counter(one.kind for one in derived() if one.name not in left)
    total = Counter(one.kind for one in derived())
    for kind in sorted(total):
        print(f"{kind:<12} {killed[kind]:>4} of {total[kind]:>4} killed")
    print(f"{'all':<12} {sum(killed.values()):>4} of {len(derived()):>4} killed")
    for one in survivors:
        print(f"{'equivalent' if excuse(one) else 'SURVIVED':<12} {one.name}: {excuse(one)}")
    return int(any(not excuse(one) for one in survivors))
