"""What a stranger gives to the functions of `weryai.bulk` by mistake is told in a sentence, before anything is done."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weryai import ConfigurationError, InvalidInputError, bulk

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


def test_each_kind_of_ledger_has_its_own_call(tmp_path: Path, database: str) -> None:
    """A run on a database would leave open for ever what a crash left open; a worker cannot share a file."""
    with bulk.Ledger(tmp_path / "run.db") as file, bulk.PostgresLedger(database) as there:
        for call, wrong in ((bulk.run, there), (bulk.run, None), (bulk.work, file), (bulk.work, 5)):
            with pytest.raises(ConfigurationError, match=r"bulk\.work on a bulk\.PostgresLedger; this is"):
                call(wrong, output=tmp_path / "videos")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not a path"):
        bulk.work(database, output=tmp_path / "videos")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "times", [{"interval": math.nan}, {"interval": 0}, {"interval": -1.0}, {"timeout": -1}, {"timeout": math.nan}]
)
def test_nothing_is_paid_for_that_could_not_be_waited_for(times: dict[str, Any]) -> None:
    """Patience that no task can be polled by is refused when it is made: before a run submits the first job."""
    with pytest.raises(InvalidInputError, match=f"^{next(iter(times))} must be "):
        bulk.Patience(**times)


@pytest.mark.parametrize("limits", [{"rate": "fast"}, {"in_flight": None}, {"budget_tasks": "100"}, {"outage": True}])
def test_limits_are_numbers(limits: dict[str, Any]) -> None:
    """A limit that is no number is named with its type."""
    with pytest.raises(ConfigurationError, match=f"{next(iter(limits))} must be a number, not "):
        bulk.Limits(**limits)
