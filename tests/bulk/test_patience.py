"""How long things are waited for, and how many at once: figures that the pages of `docs/` name, or money hangs on."""

import importlib

import pytest

FIGURES = {
    # What an interruption, or closing, waits for the response of a paid request.
    "weryai._transport.shield.GRACE": 5.0,
    # How long a task may be unknown that was just accepted, and what a service may ask a poll and a submission to wait.
    "weryai._resources.tasks.NOT_FOUND_GRACE": 30.0,
    "weryai._flow.retry.LONGEST_POLL_PAUSE": 60.0,
    "weryai._flow.retry.LONGEST_HEEDED": 3600.0,
    # The same order is refused for ten minutes; what another machine has open is left for a day.
    "weryai._journal.journal.WINDOW": 600.0,
    "weryai._journal.transitions.LONGEST_TRY": 86_400.0,
    # Another process may keep the file to itself for so long.
    "weryai._journal.sqlite_file.PATIENCE": 10.0,
    # While the service is away: one question in 10 s, 60 s until the first answer, 6 h until the next.
    "weryai.bulk._running.throttle.ASK": 10.0,
    "weryai.bulk._running.throttle.LONG_OPEN": 10.0,
    "weryai.bulk._running.throttle.IN_A_ROW": 3,
    "weryai.bulk._running.throttle.OPEN_POSTS": 4,
    "weryai.bulk._running.gate.NEVER": 60.0,
    "weryai.bulk._running.throttle.OUTAGE": 6 * 3600.0,
    # The balance is looked at every minute, and an upload is used again for six hours.
    "weryai.bulk._running.dispatcher.EVERY": 60.0,
    "weryai.bulk._running.job_runner.UPLOAD_AGE": 6 * 3600.0,
}


@pytest.mark.parametrize("place", FIGURES)
def test_a_figure_is_what_the_pages_say(place: str) -> None:
    """Tests make these short to be quick; nobody else does."""
    module, _, name = place.rpartition(".")
    assert getattr(importlib.import_module(module), name) == FIGURES[place]
