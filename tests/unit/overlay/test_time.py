"""The time that waits go by."""

import time

from weryai import _time


def test_time_is_real_unless_skipped() -> None:
    """A pause is slept as it is, and the time is no earlier than the monotonic one."""
    assert _time.real(5.0) == 5.0
    before = time.monotonic()
    assert _time.now() >= before


def test_a_skipped_pause_is_told_and_over() -> None:
    """Nothing of a skipped pause is slept, whoever skips is told how long it was, and it has passed for everybody."""
    told: list[float] = []
    before = _time.now()
    with _time.skipping(told.append):
        assert [_time.real(600.0), _time.real(0.5)] == [0.0, 0.0]
    assert told == [600.0, 0.5]
    assert _time.now() >= before + 600.5


def test_time_never_goes_back_when_skipping_ends() -> None:
    """A client that lives longer than a test sees no moment twice; its next pause is real again."""
    with _time.skipping(lambda _seconds: None):
        _time.real(3600.0)
        inside = _time.now()
    assert _time.now() >= inside
    assert _time.real(1.0) == 1.0
