"""The client of a command: the key from the environment or a prompt, and where it goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

import weryai

from ._output import begin_work, is_interactive, say

if TYPE_CHECKING:
    from weryai import Journal, WeryAI

WARNING = "weryai: an argument is seen in the process list and the shell history; prefer WERYAI_API_KEY"
FIRST_RUN = (
    "There is no API key: set WERYAI_API_KEY (keys are made at https://www.weryai.com/api/keys). Without an account, "
    "`weryai demo` makes a video on this machine and `weryai emulate` serves the whole API."
)


def connect(journal: Journal | None = None, *, needs_key: bool = True) -> WeryAI:
    """Make the client of this command; what sends nothing needs no key."""
    base_url = click.get_current_context().find_root().params.get("base_url")
    return weryai.WeryAI(key_of() if needs_key else _any_key(), base_url=base_url, journal=journal)


def _any_key() -> str:
    """The key of the environment, or a word in its place."""
    begin_work()
    given = click.get_current_context().find_root().params.get("api_key")
    return given or os.environ.get("WERYAI_API_KEY", "").strip() or "no-key"


def key_of() -> str:
    """The key of this command, from the environment or a prompt."""
    begin_work()
    options: dict[str, str | None] = click.get_current_context().find_root().params
    key = options.get("api_key")
    if key:
        say(WARNING)
    key = key or os.environ.get("WERYAI_API_KEY", "").strip()
    if not key and is_interactive():
        key = click.prompt("WeryAI API key (WERYAI_API_KEY is not set)", hide_input=True, err=True)
    if not key:
        raise weryai.ConfigurationError(FIRST_RUN)
    return key
