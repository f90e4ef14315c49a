"""Rows of the table, and what a measurement is made of."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement: ours, what it is compared with, and the target, if it has one of its own."""

    what: str
    ours: str
    other: str
    figure: float
    most: float | None
    unit: str = "x"

    def line(self) -> str:
        """Return the row for people."""
        line = f"{self.what:<48} {self.ours:>12} {self.other:>12} {f'{self.figure:.2f} {self.unit}':>14}"
        if self.most is None:
            return line
        return f"{line} {f'<= {self.most:g}':>10}  {'met' if self.figure <= self.most else 'MISSED'}"


def interleaved(ours: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Return the medians of both, measured in turn; the first round only warms up."""
    pairs = []
    for _ in range(rounds + 1):
        gc.collect()
        pairs.append((ours(), other()))
    mine, its = zip(*pairs[1:], strict=True)
    return statistics.median(mine), statistics.median(its)


def ratio(what: str, ours: Callable[[], float], other: Callable[[], float], most: float, rounds: int = 7) -> Row:
    """Compare two measurements in seconds, taken in turn."""
    mine, its = interleaved(ours, other, rounds)
    return Row(what, f"{mine * 1000:.2f} ms", f"{its * 1000:.2f} ms", mine / its, most)


def cpu(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process that the work took."""
    started = time.process_time()
    work()
    return time.process_time() - started
