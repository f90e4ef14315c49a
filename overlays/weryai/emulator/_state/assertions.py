"""Was every job submitted once? What a test asserts about money."""

from __future__ import annotations

import json
from collections.abc import Iterable

from weryai.emulator._state.exchanges import Exchange
from weryai.emulator._state.ledger import LedgerRow

FIRST_SERVER_ERROR = 500


def submitted_once(ledger: list[LedgerRow], exchanges: Iterable[Exchange]) -> None:
    """Raise AssertionError, with the POSTs seen, unless something was submitted, and each job exactly once.

    A POST that was plainly refused started nothing and may be repeated. One that was accepted counts, and so does one
    whose response left that open (none, a broken one, 5xx): whoever repeats it risks a second bill.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test.
    if not ledger:
        raise AssertionError("nothing was submitted")
    known = {exchange.id: exchange for exchange in exchanges}
    wrong: list[str] = []
    for row in ledger:
        posts = [(number, known.get(number)) for number in row.exchanges]
        count = sum(exchange is None or counts(exchange) for _, exchange in posts)
        if count != 1:
            wrong.append(f"{row.model}, {row.prompt[:60]!r}: submitted {count} times, {row.credits} credits")
            wrong += [f"  POST {number}: {what_came(exchange)}" for number, exchange in posts]
    if wrong:
        raise AssertionError("\n".join(["not every job was submitted once:", *wrong]))


def counts(exchange: Exchange) -> bool:
    """Whether the caller may have to pay for a submission, as far as it can know."""
    if exchange.task_ids or exchange.status is None or exchange.trouble is not None:
        return True
    return exchange.status >= FIRST_SERVER_ERROR or (exchange.status < 400 and not is_object(exchange.body))


def is_object(body: bytes) -> bool:
    """Whether a body is a JSON object, as every readable answer of the API is."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def what_came(exchange: Exchange | None) -> str:
    """Say what came of a submission."""
    if exchange is None:
        return "no longer remembered"
    answer = "no response" if exchange.status is None else f"HTTP {exchange.status}"
    tasks = f"accepted as {', '.join(exchange.task_ids)}" if exchange.task_ids else "no task was made"
    scenarios = f" (scenario {', '.join(exchange.scenarios)})" if exchange.scenarios else ""
    return f"{answer}, {tasks}{scenarios}"
