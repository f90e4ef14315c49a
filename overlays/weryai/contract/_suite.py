"""`weryai contract`: the suite at a service, and the reports on it."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import logging
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from weryai.contract._findings import ANYWHERE, LIVE, REASONS, explaining, unexplained
from weryai.contract._full import run_raw, run_stories, run_sweep
from weryai.contract._live import (
    LIVE_URL,
    Expected,
    Guard,
    Place,
    RefusedRequestError,
    confine,
    opened,
    place_of,
    run_live_set,
    run_paid,
)
from weryai.contract._reading import CONTRACT, Refusals, code_of, operations, says
from weryai.contract._record import (
    SHORTEST_KEY,
    Checks,
    Exchange,
    Known,
    Problem,
    Record,
    Secret,
    WrongUseError,
    excuse,
    read_known,
)
from weryai.contract._report import Run, console, junit, markdown, write_reports
from weryai.emulator import Emulator

REPORTS = Path("reports", "contract")
EMULATOR_KEY = "sk-emulator"
SEED = 20_261_124
CASES = 60
CREDITS = 10**9
NO_CREDITS = (1004, 1011)


class RunOptions(argparse.Namespace):
    """The options of the command line, and what follows from them; `place` is None for an emulator of its own."""

    url: str | None
    dialect: Literal["page", "seen"]
    live: bool
    test_system: bool
    stateless: bool
    safe_integers: bool
    well_formed: bool
    known: Path | None
    document: bool
    only: list[str]
    refusals: Refusals
    wait: float
    junit: Path | None
    summary: Path | None
    pay_for_tasks: str | None
    image: str | None
    strict: str | None
    seed: int
    cases: int
    reports: Path
    place: Place | None
    is_live: bool
    secret: Secret
    faults: tuple[Known, ...]
    expected: Expected


def run_suite(words: list[str], prog: str) -> int:
    """Run the suite; 0 if everything holds, 1 if a check does not, 2 for a wish that makes no sense."""
    if words == ["--document"]:
        print(json.dumps(CONTRACT, indent=1))
        return 0
    try:
        return run(read_wish(words, os.environ, prog))
    except (WrongUseError, RefusedRequestError) as error:
        print(f"contract: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"contract: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 2


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        allow_abbrev=False,
        description="Ask a service whether it keeps WeryAI's contract. A service on this machine gets the full suite, "
        "paid requests included; any other gets the live set, which costs nothing. The key is read from "
        "WERYAI_API_KEY.",
        epilog="Exit codes: 0 every check holds, 1 a check fails or nobody answers, 2 wrong use.",
    )
    parser.add_argument("--url", help="the service, with a base path if it has one; else an emulator of its own")
    parser.add_argument("--dialect", choices=("page", "seen"), default="page", help="of the suite's own emulator")
    parser.add_argument("--live", action="store_true", help="the live set, wherever it goes")
    parser.add_argument(
        "--test-system", action="store_true", help="the full suite at any host, http too, with a made-up key"
    )
    parser.add_argument("--stateless", action="store_true", help="a mock: it knows no ids and no keys")
    parser.add_argument(
        "--safe-integers",
        action="store_true",
        help="integers beyond 2^53 may be taken or refused: JavaScript rounds",
    )
    parser.add_argument(
        "--well-formed", action="store_true", help="send no body that is no JSON at all: some mocks never answer it"
    )
    parser.add_argument("--known", type=Path, metavar="FILE", help="faults that are known, each with its reason: TOML")
    parser.add_argument("--document", action="store_true", help="print the contract as JSON, for a mock; nothing else")
    parser.add_argument("--only", action="append", default=[], metavar="OPERATION", help="ask this one; repeatable")
    parser.add_argument("--refusals", choices=("http", "body", "any"), default="any", help="how it has to refuse")
    parser.add_argument("--wait", type=float, default=0.0, metavar="S", help="seconds until the service listens")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="JUnit at this place as well")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="add a summary in Markdown to this file")
    parser.add_argument("--pay-for-tasks", metavar="1", help="submit one task and pay for it")
    parser.add_argument("--image", metavar="URL", help="the public image of the paid task")
    parser.add_argument("--strict", nargs="?", const="1", metavar="1", help="drift fails the run as well")
    parser.add_argument("--seed", type=int, default=SEED, help="of the made-up requests")
    parser.add_argument("--cases", type=int, default=CASES, help="made-up requests of each operation")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder for the reports")
    return parser


def read_wish(words: list[str], environment: Mapping[str, str], prog: str = "weryai contract") -> RunOptions:
    wish = _parser(prog).parse_args(words, RunOptions())
    url = LIVE_URL if wish.url is None and wish.live else wish.url
    wish.place = None if url is None else place_of(url, is_test_system=wish.test_system)
    wish.is_live = wish.live or (wish.place is not None and not wish.place.is_here)
    if wish.test_system and (wish.place is None or wish.live):
        raise WrongUseError("--test-system needs --url, and goes without the live set")
    if wish.document:
        raise WrongUseError("--document stands alone")
    if wish.strict not in (None, "1"):
        raise WrongUseError("STRICT is 1 or not given")
    if wish.cases < 1:
        raise WrongUseError("--cases is 1 or more")
    if not 0 <= wish.wait < float("inf"):
        raise WrongUseError("--wait is a number of seconds")
    names = [one.name for one in operations()]
    if unknown := set(wish.only).difference(names):
        raise WrongUseError(f"--only {sorted(unknown)[0]}: there is no such operation; {', '.join(names)}")
    wish.secret = _secret(environment, wish)
    _check_paid(wish)
    wish.faults = () if wish.known is None else read_known(wish.known)
    wish.expected = Expected(
        wish.refusals, wish.stateless, frozenset(wish.only), wish.safe_integers, wish.well_formed, bool(wish.faults)
    )
    return wish


def _secret(environment: Mapping[str, str], wish: RunOptions) -> Secret:
    """The key that is sent: a test system and the suite's emulator never get the one of the environment."""
    key = environment.get("WERYAI_API_KEY", "").strip() if wish.place and not wish.test_system else EMULATOR_KEY
    if not key and wish.is_live:
        raise WrongUseError("the live set needs a key: WERYAI_API_KEY=... make contract-live")
    secret = Secret(key or EMULATOR_KEY)
    if not re.fullmatch(rf"[\x21-\x7e]{{{SHORTEST_KEY},}}", secret.key):
        raise WrongUseError(f"WERYAI_API_KEY is no key: {SHORTEST_KEY} or more printable characters without a space")
    return secret


def _check_paid(wish: RunOptions) -> None:
    """Refuse an image without the word that pays for its task, and the word without an image."""
    if wish.pay_for_tasks is None:
        if wish.image is not None:
            raise WrongUseError("IMAGE is for the paid task, and goes with PAY_FOR_TASKS=1")
    elif wish.pay_for_tasks != "1":
        raise WrongUseError(
            f"PAY_FOR_TASKS={wish.pay_for_tasks} is refused: the paid smoke test is one task, PAY_FOR_TASKS=1"
        )
    elif not wish.is_live:
        raise WrongUseError("PAY_FOR_TASKS belongs to the live set; on this machine every order is free")
    elif wish.image is None or not re.fullmatch(r"https?://[^/?#\s]\S*", wish.image):
        raise WrongUseError(
            "the paid task needs an image at a public URL, which the service fetches: IMAGE=https://..."
        )


def run(wish: RunOptions) -> int:
    wish.reports.mkdir(parents=True, exist_ok=True)
    for report in filter(
        None, (wish.junit, wish.summary)
    ):  # Before anything is sent: a run takes minutes, and may cost.
        report.parent.mkdir(parents=True, exist_ok=True)
        report.open("a").close()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # Nothing goes round by another machine, whatever library sends it.
    for chatty in ("uvicorn.error", "python_multipart"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    confine(to_this_machine=not wish.is_live, others=_addresses(wish))
    started, clock = datetime.datetime.now().astimezone().isoformat(timespec="seconds"), time.monotonic()
    with _place(wish) as place:
        checks, record = Checks(wish.secret), Record(wish.secret, place.base_path)
        notes = list(_notes(wish, place))
        print("\n".join(f"contract: {note}" for note in notes), flush=True)
        _wait_for(place, wish.wait)
        _ask(wish, place, checks, record)
    is_whole = wish.place is None and wish.dialect == "page" and wish.expected == Expected(wish.expected.refusals)
    _check_credits(record.all(), checks)
    excuse(checks, wish.faults)
    what = "live set" if wish.is_live else "full suite"
    seconds = time.monotonic() - clock
    reasons = LIVE if wish.is_live else REASONS if wish.place is None else ANYWHERE
    why = explaining(reasons, wish.expected.only)
    strict = bool(wish.strict) or wish.place is None  # The emulator is our own: its drift is a mistake.
    is_mock = wish.stateless
    done = Run(place.url, what, started, seconds, notes, checks, record.all(), strict, wish.seed, why, is_mock)
    if is_whole:
        name = "nothing of the contract is left out without a reason"
        checks.add("coverage", name, *unexplained(done.unexercised))
    page = write_reports(wish.reports, done, wish.secret)
    if wish.junit is not None:
        wish.junit.write_text(wish.secret.hide_text(junit(done)), encoding="utf-8")
    if wish.summary is not None:
        with wish.summary.open("a", encoding="utf-8") as file:
            file.write(wish.secret.hide_text(markdown(done)))
    print(wish.secret.hide_text(console(done)))
    print(page)
    return 0 if done.is_good else 1


def _check_credits(exchanges: list[Exchange], checks: Checks) -> None:
    """Say so if the service refused for want of credits: other checks then fail as well."""
    poor = [one for one in exchanges if says(body := one.said) is False and code_of(body) in NO_CREDITS]
    if poor:
        problem = f"{len(poor)} submissions were refused for want of credits: give the key more, then run again"
        checks.add("credits", "the key has enough for the suite", Problem(problem, poor[0]))
        checks.all.insert(0, checks.all.pop())  # The page begins with what explains the rest.


def _ask(wish: RunOptions, place: Place, checks: Checks, record: Record) -> None:
    # Its proxies are left alone, and its certificates count: a company's own is how its machines reach the service.
    guard = Guard(wish.secret, httpx.HTTPTransport(verify=httpx.create_ssl_context(), trust_env=False), record)
    if not run_live_set(place, guard, checks, wish.expected):
        return
    if wish.image is not None:
        run_paid(place, guard, checks, wish.image, wish.reports)
    if wish.is_live:
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["WERYAI_JOURNAL"] = str(Path(folder, "journal.db"))  # Not the user's.
        if not wish.stateless and not wish.only:
            run_stories(place, wish.secret, record, checks)
        if not wish.only:
            run_raw(place, wish.secret, record, checks, wish.expected.refusals)
        run_sweep(place, wish.secret, record, checks, seed=wish.seed, cases=wish.cases, expected=wish.expected)


def _addresses(wish: RunOptions) -> frozenset[str]:
    """The IP addresses of a test system; a name that is not found has none, and is told when it is asked."""
    if not wish.test_system or wish.place is None:
        return frozenset()
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(wish.place.host, None))
    except OSError:
        return frozenset()


def _wait_for(place: Place, seconds: float) -> None:
    address = urlsplit(place.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), opened():
            socket.create_connection((place.host, port), timeout=2.0).close()
            return
        time.sleep(0.1)


@contextlib.contextmanager
def _place(wish: RunOptions) -> Iterator[Place]:
    if wish.place is not None:
        yield wish.place
        return
    with Emulator(
        video="fixed",
        model_rules="off",
        concurrency=None,
        key=wish.secret.key,
        waiting=0.03,
        processing=0.03,
        balance=CREDITS,
        dialect=wish.dialect,
    ) as emulator:
        yield place_of(emulator.url)


def _notes(wish: RunOptions, place: Place) -> Iterator[str]:
    if wish.is_live:
        yield f"the live set at {place.url}: the real key travels with GETs only"
    else:
        if wish.test_system:
            yield "a test system: it gets a made-up key, and no real one"
        yield f"the full suite at {place.url}{'' if wish.place else ', an emulator of its own'}"
        yield f"seed {wish.seed}, {wish.cases} made-up requests of each operation"
    if wish.stateless:
        yield "stateless: chains of calls, unknown ids and wrong keys are not looked at"
    if wish.only:
        yield f"only {', '.join(sorted(wish.only))}"
    if wish.image is not None:
        yield "one POST with the real key orders one task, which is paid for, because PAY_FOR_TASKS=1 was given"
    else:
        yield "the paid smoke test is not part of this run: only PAY_FOR_TASKS=1 would order and pay for one task"
