"""Faults: ordered, counted, and accounted for."""

import threading

import pytest

from weryai.emulator._clock import Changes
from weryai.emulator._faults import Faults, UnknownScenarioError, accounted, read_wishes


@pytest.fixture
def faults() -> Faults:
    """The faults of an emulator that has none yet."""
    return Faults(Changes())


def test_orders_are_met_in_order_and_as_often_as_ordered(faults: Faults) -> None:
    """The oldest order that suits comes first; a used one never comes again."""
    first, second = faults.order("rate-limit", 2), faults.order("queue-full")
    taken = [faults.take("submit") for _ in range(4)]
    assert taken == [first, first, second, None]
    assert (first.ordered, first.met, second.ordered, second.met) == (2, 2, 1, 1)
    assert faults.unmet() == []


def test_an_order_waits_for_its_stage(faults: Faults) -> None:
    """What acts at one stage is no other's; what acts at any is the next request's, but no task's and no delivery's."""
    upload, anything = faults.order("slow", at="upload"), faults.order("http-500")
    assert faults.take("task") is faults.take("webhook") is None
    assert faults.take("download") is anything
    assert faults.take("submit") is None
    assert faults.take("upload") is upload


def test_an_order_waits_for_its_state(faults: Faults) -> None:
    """A spelling of waiting is not used up by an answer about a task that is not waiting."""
    fault = faults.order("word-PENDING")
    assert faults.take("status", {"succeed"}) is None
    assert faults.take("status", {"succeed", "waiting"}) is fault


def test_a_shape_is_no_videos(faults: Faults) -> None:
    """An odd envelope is not spent on a download, which has none."""
    fault = faults.order("status-200")
    assert faults.take("download") is None
    assert faults.take("balance") is fault


def test_a_cancelled_order_is_over(faults: Faults) -> None:
    """What is left of a cancelled order happens no more, and nobody has to account for it."""
    fault = faults.order("rate-limit", 3)
    faults.take("submit")
    fault.cancel()
    assert faults.take("submit") is None
    accounted(faults)


def test_a_rate_is_met_by_one_in_so_many_for_good(faults: Faults) -> None:
    """`:1/3` happens to every third request that it suits, without end; only one that never happened is unmet."""
    (wanted,) = read_wishes("http-429@submit:1/3")
    fault = faults.grant(wanted, "start")
    assert str(wanted) == "http-429@submit:1/3" and faults.unmet() == [fault]
    taken = [faults.take(stage) for stage in ("submit", "status") * 9]
    assert [number for number, one in enumerate(taken[::2], 1) if one] == [3, 6, 9]
    assert [one for one in taken[1::2] if one] == [] and (fault.met, fault.is_open) == (3, True)
    accounted(faults)


@pytest.mark.parametrize("measure", ["1/0", "1/9999999", "2/3", "1/"])
def test_an_impossible_rate_is_refused(measure: str) -> None:
    """A rate is 1/N, N from 1 to a million."""
    with pytest.raises(UnknownScenarioError, match="1/"):
        list(read_wishes(f"http-429:{measure}"))


def test_unmet_orders_are_named(faults: Faults) -> None:
    """The assertion names each order that is left, where it waits and how often it was met, and no other."""
    faults.order("rate-limit", 2)
    faults.order("http-500", at="status")
    faults.order("queue-full").met = 1
    faults.take("submit")
    with pytest.raises(AssertionError) as caught:
        accounted(faults)
    assert str(caught.value) == (
        "faults that were injected and never triggered: rate-limit at submit: injected 2, triggered 1; "
        "http-500 at status: injected 1, triggered 0"
    )


def test_what_a_request_brings_along_is_nobodys_account(faults: Faults) -> None:
    """A prompt's own faults are listed, but only orders are asked for at the end; shapes last, refusals do not."""
    from weryai.emulator._faults import read_wishes

    brought = faults.of_job("job", read_wishes("status-array, rate-limit, fail-copyright"))
    assert [one.ordered for one in brought] == [None, 1, None]
    assert faults.of_job("job", read_wishes("status-array")) is brought
    accounted(faults)
    assert (faults.all(), faults.orders()) == (brought, [])


def test_many_threads_meet_one_order_once(faults: Faults) -> None:
    """However many requests come at once, an order for ten is met by ten."""
    fault = faults.order("rate-limit", 10)
    taken: list[object] = []
    threads = [threading.Thread(target=lambda: taken.append(faults.take("submit"))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken.count(fault), fault.met) == (10, 10)
