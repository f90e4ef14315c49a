"""`make contract` and `make contract-live`: the suite at a service, and the reports on it."""

import argparse
import contextlib
import datetime
import logging
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.checks import Checks
from service.confinement import confine
from service.coverage import everything, exercised
from service.exchange import Record
from service.guard import Guard, RefusedRequestError
from service.live import run_live_set
from service.paid import run_paid
from service.place import LIVE_URL, Place, WrongUseError, place_of
from service.raw import run_raw
from service.reasons import unexplained
from service.report import Run, coverage_table, write_reports
from service.secrecy import SHORTEST_KEY, Secret
from service.stories import run_stories
from service.sweep import run_sweep
from weryai.emulator import Emulator

REPORTS = Path("reports", "contract")
EMULATOR_KEY = "sk-emulator"
SEED = 20_261_124
CASES = 60
CREDITS = 10**9


@dataclass(frozen=True)
class RunOptions:
    """What whoever runs the suite asked for; `place` is None for an emulator of its own."""

    place: Place | None
    secret: Secret
    is_live: bool
    image: str | None
    strict: bool
    seed: int
    cases: int
    reports: Path


def main() -> int:
    """Run the suite; 0 if everything holds, 1 if a check does not, 2 for a wish that makes no sense."""
    try:
        wish = read_wish(sys.argv[1:], os.environ)
        return run(wish)
    except (WrongUseError, RefusedRequestError) as error:
        print(f"contract: {error}", file=sys.stderr)
        return 2


def read_wish(words: list[str], environment: Mapping[str, str]) -> RunOptions:
    """Read options and the key; decide what may be sent where."""
    parser = argparse.ArgumentParser(prog="make contract", allow_abbrev=False)
    parser.add_argument("--url")
    parser.add_argument("--live", action="store_true", help="the live set, wherever it goes")
    parser.add_argument("--pay-for-tasks", metavar="1", help="order one task and pay for it")
    parser.add_argument("--image", metavar="URL", help="the public image of the paid task")
    parser.add_argument("--strict", metavar="1", help="drift fails the run as well")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cases", type=int, default=CASES, help="made-up requests of each operation")
    parser.add_argument("--reports", type=Path, default=REPORTS)
    given = parser.parse_args(words)
    url = LIVE_URL if given.url is None and given.live else given.url
    place = None if url is None else place_of(url)
    is_live = given.live or (place is not None and not place.is_here)
    if given.strict not in (None, "1"):
        raise WrongUseError("STRICT is 1 or not given")
    key = environment.get("WERYAI_API_KEY", "").strip() if place else EMULATOR_KEY
    if not key and is_live:
        raise WrongUseError("the live set needs a key: WERYAI_API_KEY=... make contract-live")
    secret = Secret(key or EMULATOR_KEY)
    if not re.fullmatch(rf"[\x21-\x7e]{{{SHORTEST_KEY},}}", secret.key):
        raise WrongUseError(f"WERYAI_API_KEY is no key: {SHORTEST_KEY} or more printable characters without a space")
    image = _paid_image(given.pay_for_tasks, given.image, is_live=is_live)
    return RunOptions(place, secret, is_live, image, bool(given.strict), given.seed, max(given.cases, 1), given.reports)


def _paid_image(tasks: str | None, image: str | None, *, is_live: bool) -> str | None:
    """The picture of the task that is paid for; None if none is."""
    if tasks is None:
        if image is not None:
            raise WrongUseError("IMAGE is for the paid task, and goes with PAY_FOR_TASKS=1")
        return None
    if tasks != "1":
        raise WrongUseError(f"PAY_FOR_TASKS={tasks} is refused: the paid smoke test is one task, PAY_FOR_TASKS=1")
    if not is_live:
        raise WrongUseError("PAY_FOR_TASKS belongs to the live set; on this machine every order is free")
    if image is None or not re.fullmatch(r"https?://[^/?#\s]\S*", image):
        raise WrongUseError(
            "the paid task needs an image at a public URL, which the service fetches: IMAGE=https://..."
        )
    return image


def run(wish: RunOptions) -> int:
    """Run what was asked for, write the reports, and say what came out."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # Nothing goes round by another machine, whatever library sends it.
    for chatty in ("uvicorn.error", "python_multipart"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    confine(to_this_machine=not wish.is_live)
    checks, record = Checks(wish.secret), Record(wish.secret)
    started, clock = datetime.datetime.now().astimezone().isoformat(" ", "seconds"), time.monotonic()
    with _place(wish) as place:
        notes = list(_notes(wish, place))
        print("\n".join(f"contract: {note}" for note in notes), flush=True)
        guard = Guard(wish.secret, httpx.HTTPTransport(trust_env=False), record)
        run_live_set(place, guard, checks)
        is_answering = bool(record.all())
        if wish.image is not None and is_answering:
            run_paid(place, guard, checks, wish.image, wish.reports)
        if not wish.is_live and is_answering:
            run_stories(place, wish.secret, record, checks)
            run_raw(place, wish.secret, record, checks)
            run_sweep(place, wish.secret, record, checks, seed=wish.seed, cases=wish.cases)
    if wish.place is None:
        seen = exercised(record.all())
        missing = [item for item in everything() if not seen[item]]
        checks.add("coverage", "nothing of the contract is left out without a reason", *unexplained(missing))
    what = "live set" if wish.is_live else "full suite"
    done = Run(place.url, what, started, time.monotonic() - clock, notes, checks, record.all(), strict=wish.strict)
    page = write_reports(wish.reports, done, wish.secret)
    print(wish.secret.hide_text("\n".join(_summary(done))))
    print(page)
    return 0 if done.is_good else 1


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
    ) as emulator:
        yield place_of(emulator.url)


def _notes(wish: RunOptions, place: Place) -> Iterator[str]:
    """What a reader has to know about the run."""
    if wish.is_live:
        yield f"the live set at {place.url}: the real key travels with GETs only"
    else:
        yield f"the full suite at {place.url}{'' if wish.place else ', an emulator of its own'}"
        yield f"seed {wish.seed}, {wish.cases} made-up requests of each operation"
    if wish.image is not None:
        yield "one POST with the real key orders one task, which is paid for, because PAY_FOR_TASKS=1 was given"
    else:
        yield "the paid smoke test is not part of this run: only PAY_FOR_TASKS=1 would order and pay for one task"


def _summary(run: Run) -> Iterator[str]:
    for group, checks in run.groups.items():
        failed = [check for check in checks if check.problems]
        yield f"{group}: {len(checks) - len(failed)} of {len(checks)} checks hold"
        for check in failed:
            yield f"  FAILED {check.name}: {check.problems[0][:600]}"
    yield ""
    yield from coverage_table(run)
    yield ""
    yield f"drift: {len(run.drift)} kinds in {len(run.exchanges)} answers" + (
        ", which STRICT=1 does not allow" if run.strict and run.drift else ""
    )
    for one in run.drift:
        yield f"  {one.drift} ({one.count} times)"


if __name__ == "__main__":
    sys.exit(main())
