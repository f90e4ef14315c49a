"""The environment every test and every child process runs in: no real key, no way out."""

import os
from collections.abc import MutableMapping

from guard import network_guard

PLANTED_KEY = "sk-planted-0123456789abcdef"
"""The key that lies in the environment of all tests and must never be seen by any server."""

JOURNEY_KEY = "sk-journey-fedcba9876543210"
"""The key that the journeys hand to their clients."""

SKIPS_FAIL = "WERYAI_CI"
"""The variable under which a skipped test is a failure."""

BASE_URLS = ("WERYAI_BASE_URL", "WERYAI_MODELS_BASE_URL")
SCREEN = ("CI", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PAGER", "BROWSER")
"""What says how a command talks: a test that wants one of them sets it."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where the certificates of whom to trust are; a test that wants one of them sets it."""


def scrub(environment: MutableMapping[str, str], dead_end: str) -> None:
    """Drop what the user has set for the API and the screen; plant a key, close every way out, guard every child."""
    for name in list(environment):
        # PostgreSQL's own would lead the tests' servers astray.
        if (name.startswith("WERYAI_") and name != SKIPS_FAIL) or name.startswith("PG"):
            del environment[name]
    for name in ("NO_PROXY", "no_proxy", *CERTIFICATES, *SCREEN):
        environment.pop(name, None)
    environment["TERM"] = "xterm-256color"
    environment["WERYAI_API_KEY"] = PLANTED_KEY
    for name in (*BASE_URLS, *PROXIES):
        environment[name] = dead_end
    environment["PYTHONPATH"] = os.pathsep.join([network_guard.FOLDER, *_other_folders(environment)])


def _other_folders(environment: MutableMapping[str, str]) -> list[str]:
    folders = environment.get("PYTHONPATH", "").split(os.pathsep)
    return [folder for folder in folders if folder and folder != network_guard.FOLDER]


def guarded(program: str) -> str:
    """Return a program for a Python that ignores its environment (`-I`), with the network guard in it."""
    return f"import runpy; runpy.run_path({network_guard.__file__!r})\n{program}"
