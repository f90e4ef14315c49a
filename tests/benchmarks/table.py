"""Rows of the table, and what a measurement is made of."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from .page import told


@dataclass(frozen=True)
class Row:
    """One measurement: ours, what it is compared with, and the target, if it has one of its own."""

    what: str
    ours: str
    other: str
    figure: float
    most: float | None
    unit: str = "x"
    #: How far apart the rounds were: half of the distance between their quartiles, as a part of the figure.
    noise: float = 0.0

    def line(self) -> str:
        """Return the row for people."""
        line = f"{self.what:<48} {self.ours:>12} {self.other:>12} {f'{self.figure:.2f} {self.unit}':>14}"
        if self.most is None:
            return line
        return f"{line} {f'<= {self.most:g}':>10}  {self.verdict}"

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        return "" if self.most is None else "met" if self.figure <= self.most else "MISSED"

    def markdown(self) -> str:
        """Return the row of a table."""
        aim = "" if self.most is None else f"{self.most:g} {self.unit}".strip()
        figure = f"{self.figure:.2f} {self.unit}".strip()
        cells = (self.what, self.ours, self.other, figure, aim, told(self.verdict, self.what))
        return f"| {' | '.join(cells)} |".replace("  |", " |")

    def worse_than(self, recorded: dict[str, float]) -> str | None:
        """Say so if the figure is worse than the recorded one by more than the noise of both, and a tenth."""
        room = 1 + max(0.1, 3 * (self.noise + recorded["noise"]))
        if self.figure <= recorded["figure"] * room:
            return None
        return f"{self.what}: {self.figure:.2f} {self.unit}, recorded {recorded['figure']:.2f}, allowed x {room:.2f}"


def interleaved(ours: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[list[float], list[float]]:
    """Return the rounds of both, measured in turn; the first one only warms up and is left out."""
    pairs = []
    for _ in range(rounds + 1):
        gc.collect()
        pairs.append((ours(), other()))
    mine, its = zip(*pairs[1:], strict=True)
    return list(mine), list(its)


def ratio(what: str, ours: Callable[[], float], other: Callable[[], float], most: float, rounds: int = 7) -> Row:
    """Compare two measurements in seconds, taken in turn, by their medians."""
    mine, its = interleaved(ours, other, rounds)
    one, two = statistics.median(mine), statistics.median(its)
    low, middle, high = statistics.quantiles([a / b for a, b in zip(mine, its, strict=True)], n=4)
    return Row(what, f"{one * 1000:.2f} ms", f"{two * 1000:.2f} ms", one / two, most, noise=(high - low) / 2 / middle)


def cpu(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process that the work took."""
    started = time.process_time()
    work()
    return time.process_time() - started
