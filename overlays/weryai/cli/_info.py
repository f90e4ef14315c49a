"""The commands that ask: `models`, `balance`, `doctor`, `contract`, `completion`."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

import weryai

from ._connection import EXTRAS, connect, given_key, missing, of_all, require
from ._output import Showing, as_json, columns_of, plain, put, say
from ._words import examples, in_words

if TYPE_CHECKING:
    from weryai import Model


@click.command(
    cls=Showing,
    epilog=examples("weryai models --bundled", "weryai models KLING_V3_0_PRO --json"),
)
@click.argument("key", required=False)
@click.option("--bundled", is_flag=True, help="Show the bundled snapshot: no key and no network are needed.")
@as_json
def models(key: str | None, bundled: bool, json_lines: bool) -> None:
    listed = weryai.bundled_models() if bundled else _live()
    if bundled and not json_lines:
        say(f"weryai: the bundled snapshot of {weryai.BUNDLED_MODELS_DATE}; models change without notice")
    if key:
        listed = tuple(model for model in listed if model.key == key.upper())
        if not listed:
            raise click.UsageError(f"no model {key!r:.200} is listed; `weryai models` shows all")
    if json_lines:
        for model in listed:
            put(True, "", **{name: getattr(model, name) for name in _FIELDS})
    elif key:
        for name in _FIELDS:
            put(False, f"{name:<20} {_told(getattr(listed[0], name))}")
    else:
        _print_table(listed)


def _live() -> tuple[Model, ...]:
    with connect() as client:
        try:
            return client.models.list()
        except weryai.TransportError as error:
            say(f"weryai: {error}", f"weryai: this is the bundled snapshot of {weryai.BUNDLED_MODELS_DATE}")
            return weryai.bundled_models()


_FIELDS = (
    "key", "title", "durations", "aspect_ratios", "resolutions", "has_generate_audio", "has_negative_prompt",
    "prompt_length_limit", "upload_image_limit",
)  # fmt: skip


def _print_table(listed: tuple[Model, ...]) -> None:
    rows = [("KEY", "NAME", "SECONDS", "RATIOS", "RESOLUTIONS", "SOUND")]
    for one in listed:
        sound = _told(one.has_generate_audio)
        resolutions = _told(one.resolutions)
        rows.append((one.key, one.title or "", _span(one.durations), _told(one.aspect_ratios), resolutions, sound))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    # Loaded here, because it loads the formats of archives.
    import shutil

    # The last columns are left out where the terminal has no room for them.
    columns, room = 6, shutil.get_terminal_size((120, 24)).columns
    while columns > 3 and sum(widths[:columns]) + 2 * columns > max(room, 80):
        columns -= 1
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row[:columns], widths, strict=False))
        put(False, "  ".join(cells).rstrip())
    if columns < 6:
        left_out = ", ".join(rows[0][columns:])
        say(f"weryai: no room for {left_out}; `weryai models KEY` tells all of a model")


def _span(durations: tuple[int, ...]) -> str:
    """Return seconds as "4-15" where none is missing in between, else one by one."""
    if len(durations) > 2 and durations == tuple(range(durations[0], durations[-1] + 1)):
        return f"{durations[0]}-{durations[-1]}"
    return " ".join(map(str, durations)) or "?"


def _told(value: object) -> str:
    """Return a value in words: "?" where no source tells, "-" where the model lists none."""
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "?" if value is None or value == "" else str(value)


@click.command(cls=Showing, epilog=examples("weryai balance"))
@as_json
def balance(json_lines: bool) -> None:
    with connect() as client:
        credits = client.account.balance()
    put(json_lines, f"{credits:.15g}" if credits < 1e15 else credits, event="balance", credits=credits)


@click.command(cls=Showing, epilog=examples('eval "$(weryai completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root()
    for line in kind(root.command, {}, "weryai", "_WERYAI_COMPLETE").source().splitlines():
        put(False, line)


PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
CLOCK_TOLERANCE = 300.0
TIMEOUT = 15.0


class Finding(NamedTuple):
    """One thing that was looked at: is it fine, what is it, and what to do if it is not."""

    name: str
    is_fine: bool
    text: str
    remedy: str = ""
    is_left_out: bool = False


@click.command(
    help="""
    Costs nothing.

    Key, network, clock, proxies, folders and extras are looked at.
    """,
    cls=Showing,
    epilog=examples("weryai doctor", "weryai doctor --offline"),
)
@click.option("--offline", is_flag=True, help="Ask no service; look at this machine alone.")
@as_json
def doctor(offline: bool, json_lines: bool) -> int:
    findings = [*_of_this_machine(), *([] if offline else _of_the_service())]
    width = max(len(one.name) for one in findings)
    for one in findings:
        mark = "-   " if one.is_left_out else "ok  " if one.is_fine else "look"
        if json_lines:
            put(True, "", event="finding", **_fields(one))
            continue
        margin = f"{mark} {one.name:{width}}  "
        for line in [*_wrapped(plain(one.text), len(margin)), *_wrapped(one.remedy, len(margin))]:
            put(False, margin + line)
            margin = " " * len(margin)
    wrong = sum(not one.is_fine for one in findings)
    say(f"weryai: {wrong} of {len(findings)} checks need a look" if wrong else "weryai: all is well")
    return 1 if wrong else 0


def _wrapped(text: str, margin: int) -> list[str]:
    """Break a text between words where a terminal would break it anywhere; what goes elsewhere is whole."""
    columns = columns_of(sys.stdout)
    if columns is None:
        return [text] if text else []
    return textwrap.wrap(text, max(columns - margin, 20), break_long_words=False, break_on_hyphens=False)


def _fields(one: Finding) -> dict[str, object]:
    """Return a finding as a program reads it."""
    return {"name": one.name, "is_fine": one.is_fine, "said": one.text, "remedy": one.remedy}


def _of_this_machine() -> Iterator[Finding]:
    yield Finding("version", True, f"weryai {weryai.__version__}, Python {platform.python_version()}, {sys.platform}")
    yield from (_extra(name) for name in EXTRAS)
    yield _key()
    yield _proxies()
    yield _journal()
    with contextlib.suppress(OSError):
        yield _folder("folder", Path.cwd(), "change to a folder where you may write, or give --output")


def _extra(name: str) -> Finding:
    """Say whether an extra is installed; one that is not is no fault."""
    if not (lacking := missing(name)):
        return Finding(f"[{name}]", True, "installed")
    return Finding(f"[{name}]", True, "not installed", f"pip install {' '.join(lacking)}", is_left_out=True)


def _key() -> Finding:
    key = given_key()
    if not key.strip():
        return Finding("key", False, "none", "set WERYAI_API_KEY; keys are made at https://www.weryai.com/api/keys")
    if key != key.strip() or not key.isascii() or not key.isprintable() or re.search(r"\s|['\"]", key.strip()):
        return Finding("key", False, "has blanks, quotes or odd letters", "copy it again, without quotes or Bearer")
    return Finding("key", True, f"{len(key)} characters, not shown")


def _proxies() -> Finding:
    found = {
        name: os.environ.get(name) or os.environ.get(name.lower())
        for name in PROXIES
        if os.environ.get(name) or os.environ.get(name.lower())
    }
    # What stands before an @ may be a password, however it is spelt.
    shown = ", ".join(f"{name}={re.sub(r'[^,]*@', '***@', str(value))}" for name, value in found.items())
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if name in found and not os.path.exists(str(found[name])):
            return Finding("proxies", False, shown, f"{name} names nothing that exists: unset it, or correct it")
    return Finding("proxies", True, shown or "none")


def _journal() -> Finding:
    """Say whether what is paid for can be written down: a journal that is there is opened."""
    remedy = "set WERYAI_JOURNAL to a file in another folder"
    try:
        path = weryai.Journal.default_path()
        if path.exists():
            weryai.Journal(path).close()
    except (weryai.JournalError, OSError) as error:
        return Finding("journal", False, str(error), remedy)
    return _folder("journal", path.parent, remedy)


def _folder(name: str, folder: Path, remedy: str) -> Finding:
    """Say whether files can be made in a folder; a folder that is not there yet is judged by the one above it."""
    import tempfile

    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(name, False, f"{folder}: {error.strerror or error}", remedy)
    return Finding(name, True, str(folder))


def _of_the_service() -> Iterator[Finding]:
    """Ask what is free: the models registry, the balance, and the clock of the service."""
    key = str(of_all("api_key") or os.environ.get("WERYAI_API_KEY", "")).strip()
    once = weryai.RetryPolicy(tries=1)
    try:
        client = weryai.WeryAI(key or "none", base_url=of_all("base_url"), timeout=TIMEOUT, retry=once)
    except weryai.WeryAIError as error:
        yield Finding(
            "base URL", False, in_words(error.message), "correct WERYAI_BASE_URL and WERYAI_API_KEY, or unset them"
        )
        return
    with client:
        yield Finding("base URL", True, client.base_url)
        yield _asked(
            "registry",
            lambda: f"{len(client.models.list())} models",
            "ask again later; without it the bundled snapshot is used",
        )
        if key:
            yield _asked(
                "balance",
                lambda: f"{client.account.balance():.15g} credits",
                "check the key and the network, or ask again later; nothing was billed",
            )
        yield _clock(client.base_url)


def _asked(name: str, ask: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, True, ask())
    except weryai.WeryAIError as error:
        return Finding(name, False, str(error), remedy)


def _clock(base_url: str) -> Finding:
    """Compare this clock with the Date of any response of the service; no key is sent for that."""
    import email.utils
    import urllib.error
    import urllib.request

    date = None
    try:
        answer = urllib.request.urlopen(urllib.request.Request(base_url, method="HEAD"), timeout=TIMEOUT)
        date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date")
    except (OSError, ValueError):
        return Finding("clock", True, "not compared: the service did not answer")
    try:
        apart = time.time() - email.utils.parsedate_to_datetime(str(date)).timestamp()
    except (TypeError, ValueError):
        return Finding("clock", True, "not compared: the service tells no date")
    if abs(apart) > CLOCK_TOLERANCE:
        return Finding("clock", False, f"{abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}", "set the clock")
    return Finding("clock", True, f"within {max(1, abs(round(apart)))} s of the service")


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def contract(words: tuple[str, ...]) -> int:
    if of_all("api_key") or of_all("base_url"):
        raise click.UsageError("contract reads the key from WERYAI_API_KEY, and the service from its own --url")
    require("contract", "contract")
    try:
        from weryai.contract import main

        return main(words)
    except SystemExit as ending:
        if {"-h", "--help"} & set(words):
            put(False, "")
            put(False, "Examples:")
            for example in ("weryai contract", "weryai contract --url http://127.0.0.1:8765 --junit contract.xml"):
                put(False, f"  {example}")
        return int(ending.code or 0)
