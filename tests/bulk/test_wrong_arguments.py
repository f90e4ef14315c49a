"""What a stranger gives to the functions of `weryai.bulk` by mistake is told in a sentence, before anything is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weryai import ConfigurationError, bulk

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "run": lambda place: bulk.run(place, output="videos"),
    "load_manifest": lambda place: bulk.load_manifest(place, "jobs.csv", {}),
    "retry": bulk.retry,
    "refetch": bulk.refetch,
}


@pytest.mark.parametrize("work", FUNCTIONS.values(), ids=list(FUNCTIONS))
@pytest.mark.parametrize("place", ["jobs.csv", Path("jobs.ledger.db")], ids=["text", "path"])
def test_a_path_in_the_place_of_a_ledger_is_told_so(work: Callable[[Any], Any], place: Any) -> None:
    """Functions that write need an open ledger, and show how it is opened."""
    with pytest.raises(ConfigurationError, match=r"needs an open ledger, not a path: with bulk\.Ledger"):
        work(place)


@pytest.mark.parametrize("limits", [{"rate": "fast"}, {"in_flight": None}, {"budget_tasks": "100"}, {"outage": True}])
def test_limits_are_numbers(limits: dict[str, Any]) -> None:
    """A limit that is no number is named with its type."""
    with pytest.raises(ConfigurationError, match=f"{next(iter(limits))} must be a number, not "):
        bulk.Limits(**limits)
