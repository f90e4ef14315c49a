"""The time that waits go by."""

import time

from weryai._flow import clock


def test_time_is_real_unless_skipped() -> None:
    """A pause is slept as it is, and the time is no earlier than the monotonic one."""
    assert clock.sleep_for(5.0) == 5.0
    before = time.monotonic()
    assert clock.now() >= before


def test_a_skipped_pause_is_told_and_over() -> None:
    """Nothing of a skipped pause is slept, whoever skips is told how long it was, and it has passed for everybody."""
    told: list[float] = []
    before = clock.now()
    with clock.skipping(told.append):
        assert [clock.sleep_for(600.0), clock.sleep_for(0.5)] == [0.0, 0.0]
    assert told == [600.0, 0.5]
    assert clock.now() >= before + 600.5


def test_time_never_goes_back_when_skipping_ends() -> None:
    """A client that lives longer than a test sees no moment twice; its next pause is real again."""
    with clock.skipping(lambda _seconds: None):
        clock.sleep_for(3600.0)
        inside = clock.now()
    assert clock.now() >= inside
    assert clock.sleep_for(1.0) == 1.0
