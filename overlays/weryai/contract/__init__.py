"""The contract suite: does a service keep WeryAI's contract? `weryai contract --url ...` and `make contract` run it.

It needs the extra `contract`. A plain client imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(words: Sequence[str], prog: str = "weryai contract") -> int:
    """Run the suite with options; return 0 if every check holds, 1 if one does not, 2 for wrong use."""
    from weryai.contract._suite import run_suite

    return run_suite(list(words), prog)


__all__ = ["main"]
