"""The soak of `make prove` finds a leak when there is one."""

import pytest

from prove.soak import Course

STILL = {"sockets": 20, "descriptors": 30, "threads": 5, "tasks": 40, "KiB": 50_000}
CLOSED = {"sockets": 0, "descriptors": 4, "threads": 1, "tasks": 0, "KiB": 50_000}


def grown(figure: str, each: int) -> list[dict[str, int]]:
    """Sixty looks at a process in which one figure grows."""
    return [{**STILL, figure: STILL[figure] + each * second} for second in range(60)]


@pytest.mark.parametrize(
    ("figure", "each"), [("sockets", 1), ("descriptors", 1), ("threads", 1), ("tasks", 1), ("KiB", 400)]
)
def test_what_grows_is_told(figure: str, each: int) -> None:
    """One more of anything every second, or 400 KiB, is a leak; what stays is none."""
    (problem,) = Course("async", grown(figure, each), CLOSED).problems()
    assert problem.startswith(f"async: {figure} grew from ")
    assert Course("async", grown(figure, 0), CLOSED).problems() == []


def test_a_moment_of_many_callers_is_no_leak_of_the_emulator() -> None:
    """The emulator is judged by what it always holds: a moment when all call at once is none, what stays is one."""
    moment = grown("sockets", 0)
    moment[-2]["sockets"] *= 3
    assert Course("emulator", moment, None).problems() == []
    (problem,) = Course("emulator", grown("sockets", 1), None).problems()
    assert problem.startswith("emulator: sockets grew from ")


@pytest.mark.parametrize("left", [{"sockets": 1}, {"threads": 2}])
def test_what_is_left_is_told(left: dict[str, int]) -> None:
    """A socket or a thread that outlives its client is a leak."""
    (problem,) = Course("bulk", grown("KiB", 0), {**CLOSED, **left}).problems()
    assert problem.endswith("were left")


def test_too_few_looks_prove_nothing() -> None:
    """A subject that ended at once is no proof."""
    (problem,) = Course("blocking", grown("KiB", 0)[:3], CLOSED).problems()
    assert "nothing is proved" in problem
