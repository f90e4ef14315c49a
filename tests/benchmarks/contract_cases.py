"""`make bench-contract`: what a case of the contract suite costs, beside what it costs to generate it alone.

A request is checked in four ways (generated client and overlay, blocking and awaited), an answer is read in two. The
target is for requests and responses together: what the suite may cost beside the generator that it cannot do without.
"""

import functools
import gc
import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.page import machine
from benchmarks.table import Row, cpu
from contract import oracle
from contract.cases import requests_of
from contract.reading import Operation, operations
from contract.sending import KEY, Senders
from contract.serving import Served
from contract.test_requests import check_all_ways, wire_of_examples
from contract.test_responses import cases_of, check_outcomes
from weryai import WeryAIWarning

CASES = 30
ROUNDS = 7
SAME = 20261125
Case = tuple[Operation, Any]


def every(strategy_of: Callable[[Operation], st.SearchStrategy[Any]], use: Callable[[Operation, Any], object]) -> None:
    """Generate the same cases of every operation on every call, and use each."""
    for one in operations():
        _generate(strategy_of(one), functools.partial(use, one))


def _generate(strategy: st.SearchStrategy[Any], use: Callable[[Any], object]) -> None:
    @seed(SAME)
    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def generated(case: Any) -> None:
        use(case)

    generated()


def measured(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median of the processor seconds of each work, measured in turn; the first round only warms up."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS + 1):
        for name, work in works.items():
            gc.collect()
            found[name].append(cpu(work))
    return {name: statistics.median(seconds[1:]) for name, seconds in found.items()}


def requests(senders: Senders) -> tuple[dict[str, float], int]:
    """Measure requests: generated alone, generated and checked in four ways, and stored ones sent in one way."""
    wire = wire_of_examples()
    stored: list[Case] = []
    every(requests_of, lambda *case: stored.append(case))

    def send_stored(way: str) -> None:
        for one, case in stored:
            wire.requests.clear()
            senders.ways[way](one, case)
            assert not oracle.judge(wire.requests[0], KEY)[1]

    works: dict[str, Callable[[], object]] = {
        "generated alone": lambda: every(requests_of, lambda *_: None),
        "checked": lambda: every(requests_of, lambda one, case: check_all_ways(wire, senders, one, case)),
    }
    works |= {f"stored, by {way}": functools.partial(send_stored, way) for way in senders.ways}
    with wire.router:
        return measured(works), len(stored)


def responses(senders: Senders) -> tuple[dict[str, float], int]:
    """Measure answers: generated alone, generated and checked, and stored ones read by both clients and judged."""
    served = Served(senders)
    stored: list[Case] = []
    every(cases_of, lambda *case: stored.append(case))

    def read(one: Operation, case: Any) -> None:
        check_outcomes(served, one, *case)

    works: dict[str, Callable[[], object]] = {
        "generated alone": lambda: every(cases_of, lambda *_: None),
        "checked": lambda: every(cases_of, read),
        "stored, by both": lambda: [read(*case) for case in stored],
    }
    with served.router:
        return measured(works), len(stored)


def rows(kind: str, seconds: dict[str, float]) -> Iterator[Row]:
    """Compare with generation alone: generating and checking, then the work on stored cases without generation."""
    alone = seconds["generated alone"]
    yield compared(f"{kind}, checked / generated alone", seconds["checked"], alone, None)
    for name, taken in seconds.items():
        if name.startswith("stored") and kind == "requests":
            yield compared(f"{kind} {name} / generated alone", taken, alone, 0.35)


def compared(what: str, mine: float, its: float, most: float | None) -> Row:
    """A row of two times, their ratio and its target, if it has one."""
    return Row(what, f"{mine * 1000:.0f} ms", f"{its * 1000:.0f} ms", mine / its, most)


def main() -> None:
    """Measure and print."""
    print(machine())
    print(f"{CASES} cases of each of {len(operations())} operations, median of {ROUNDS} rounds in turn")
    print(f"{'':<48} {'ours':>12} {'other':>12} {'figure':>14} {'target':>10}")
    warnings.simplefilter("ignore", WeryAIWarning)
    both = Counter[str]()
    speeds = []
    with Senders() as senders:
        for kind, measure in (("requests", requests), ("responses", responses)):
            seconds, cases = measure(senders)
            for row in rows(kind, seconds):
                print(row.line(), flush=True)
            both.update({name: seconds[name] for name in ("generated alone", "checked")})
            speeds += [(f"{kind} {name}", cases / taken) for name, taken in seconds.items()]
    print(compared("requests and responses / generated alone", both["checked"], both["generated alone"], 1.8).line())
    for name, speed in speeds:
        print(f"{name:<48} {speed:>8.0f} cases per processor second")


if __name__ == "__main__":
    main()
