"""The commands of `weryai bulk`: what buys, and what it would buy; then what one does after, or beside, a run."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click
from click.core import ParameterSource

import weryai

from .._connection import FilePath, check_suffix, key_of, look_at, opening
from .._output import Showing, as_json, output_bytes, put, put_words, say
from .._signals import before_paying, exit_code, passed_on
from .._words import counted, examples, quote, together
from .view import (
    DATABASE,
    Place,
    database,
    going_on,
    in_file,
    in_ledger,
    lines,
    plan_fields,
    remember_service,
    shown,
    status_fields,
    tell_plan,
    view_of,
    word_of,
)

if TYPE_CHECKING:
    from weryai.bulk import Limits, Loaded, Outcome, Requeued, Shard

_AWAY = {"unreached": 6, "lost": 8}
DEFAULTS = ("prompt", "model", "duration", "aspect_ratio", "negative_prompt", "resolution", "generate_audio")


# What `plan` and `run` have in common.
_manifest = together(
    click.argument("manifest", type=FilePath(path_type=Path)),
    click.option("-p", "--prompt", help="For rows that have none."),
    click.option("-m", "--model", help="For rows that have none, as the options that follow."),
    click.option("-d", "--duration", type=int, help="Seconds."),
    click.option("-r", "--aspect-ratio", help='Width to height; "none" leaves it out.'),
    click.option("--negative-prompt", help="Things to avoid."),
    click.option("--resolution", help="Such as 720p."),
    click.option("--audio/--no-audio", "generate_audio", default=None, help="Whether to make sound as well."),
    click.option("--images", "pictures", is_flag=True, help="Read all of each local image beforehand."),
    click.option("--convert", is_flag=True, help="Take HEIC, TIFF, GIF, BMP, AVIF, and over 10 MB, as JPEGs."),
    click.option("--strict", is_flag=True, help="Refuse what the models registry does not list."),
    click.option("--allow-duplicates", is_flag=True, help="Take jobs that differ in nothing but their key."),
    click.option("--shard", help="Take part I of K of the jobs, as I/K, with that part of the limits."),
    click.option(
        "--prices", type=FilePath(exists=True, dir_okay=False, path_type=Path),
        help="CSV with model, duration, resolution, generate_audio, credits; empty cells fit all.",
    ),
    click.option(
        "--budget", metavar="N|Ncr|none", help="Most to spend, all starts and all parts together; or none."
    ),
    click.option("--rate", type=float, help="Submissions per second at most. [default: one per 3 s]"),
    click.option("--start-rate", type=float, help="Submissions per second at first. [default: one per 3 s]"),
    click.option("--in-flight", type=int, help="Unfinished tasks at most. [default: 20]"),
    click.option("--open-posts", type=int, help="Submissions on their way at once at most. [default: 4]"),
    as_json,
)  # fmt: skip


@click.command(
    help="""
    Sends nothing.

    What its ledger knows as bought is not counted.
    """,
    cls=Showing,
    epilog=examples('weryai bulk plan photos/ -p "The sea begins to move"'),
)
@_manifest
@in_file
def plan(manifest: Path, json_lines: bool, ledger: Path | None, **options: Any) -> None:
    from weryai import bulk

    shard = _shard(options["shard"])
    limits, loading = _limits(options, shard), _loading(options, shard)
    place = ledger or _beside(manifest, shard)
    there = place if ledger or place.exists() else None
    planned = bulk.plan(manifest, _defaults(options), limits=limits, ledger=there, **loading)
    if json_lines:
        put(True, "", event="plan", **plan_fields(planned), most_ambiguous=limits.most_ambiguous)
        return
    tell_plan(planned)
    if planned.submits > limits.most_ambiguous:
        most, posts = counted(limits.most_ambiguous, "job"), limits.open_posts
        put(False, f"an outage leaves at most {most} ambiguous (--open-posts {posts})")
    tasks, credits = shard.share(limits.budget_tasks, limits.budget_credits)
    if tasks is not None and planned.submits + planned.tasks > tasks:
        put(False, f"the budget of {counted(tasks, 'task')} ends before that")
    if credits is not None and (planned.spent or 0) + (planned.credits or 0) > credits:
        put(False, f"the budget of {credits:.15g} credits ends before that")


def _checked_name(_context: object, _option: object, name: str) -> str:
    check_suffix(name)
    return name


# What concerns the videos of a run or a worker.
_storing = together(
    click.option("-o", "--output", type=FilePath(file_okay=False, path_type=Path),
                 help="Folder for the videos. [default: that of the ledger, NAME.videos for NAME.ledger.db]"),
    click.option("--name", default="{key}.mp4", show_default=True, callback=_checked_name,
                 help="Names of the videos, made of {key}, {row}, {task_id}, {model} and {image}."),
    click.option("--sidecar", is_flag=True, help="Write a JSON beside each MP4: request, ids, times, SHA-256."),
    click.option("--interval", type=float,
                 help="Seconds between two polls of a task. [default: 6, later 10 and 15]"),
    click.option("--timeout", type=float, default=3600.0, show_default=True,
                 help="Seconds to wait for one task."),
    click.option("--outage", type=click.FloatRange(0), default=6.0, show_default=True,
                 help="Hours to wait for a service that was reached and is away."),
)  # fmt: skip


@click.command(
    help="""
    MANIFEST may also be a ledger, to go on with what is in it.

    Prints one JSON object per event, unless standard output is a terminal. Ctrl-C lets open submissions end; nothing is
    lost, and the same command goes on. With --database the limits are those of all its workers together.
    """,
    epilog=examples(
        'weryai bulk run photos/ -p "The sea begins to move" --budget 100',
        "weryai bulk run jobs.csv --budget 500cr --rate 2",
        "weryai bulk run jobs.csv.ledger.db",
    ),
)
@_manifest
@_storing
@in_file
@database
@click.option("--trust-copy", is_flag=True, help="Go on with a ledger that seems to be a copy; see the message.")
def run(
    manifest: Path, json_lines: bool, ledger: Path | None, database: str | None, trust_copy: bool, **options: Any
) -> None:
    from weryai import bulk

    shard = _shard(options["shard"])
    limits, loading = _limits(options, shard), _loading(options, shard)
    is_ledger = manifest.suffix == ".db"
    if is_ledger and not manifest.is_file():
        raise click.UsageError(f"there is no ledger at {manifest}")
    source = click.get_current_context().get_parameter_source("database")
    if (ledger or is_ledger) and source is ParameterSource.COMMANDLINE:
        raise click.UsageError("a ledger is in a file or in a database: leave --ledger or --database out")
    key = key_of()
    if database is None or ledger or is_ledger:
        place: Place = manifest if is_ledger else ledger or _beside(manifest, shard)
        if not is_ledger and ledger is None:
            _refuse_another_ledger(manifest, _beside(manifest, shard), _defaults(options), loading)
        with bulk.Ledger(place, trust_copy=trust_copy) as file:
            loaded = None if is_ledger else _load(file, manifest, _defaults(options), loading)
            _go_on(file, place, limits, loaded, bulk.run, key=key, is_plain=json_lines, **options)
    if shard.count > 1:
        raise click.UsageError("--shard is for ledgers in files: the workers of a database share its jobs as they come")
    with bulk.PostgresLedger(database) as opened:
        loaded = _load(opened, manifest, _defaults(options), loading)
        limits = _limits(options, shard, bulk.limits_in_force(opened))
        work = partial(bulk.work, until_done=True)
        _go_on(opened, database, limits, loaded, work, key=key, is_plain=json_lines, **options)


def _load(ledger: Any, manifest: Path, defaults: dict[str, Any], loading: dict[str, Any]) -> Loaded:
    from weryai import bulk

    with before_paying():
        return bulk.load_manifest(ledger, manifest, defaults, **loading)


def _refuse_another_ledger(manifest: Path, place: Path, defaults: dict[str, Any], loading: dict[str, Any]) -> None:
    """Refuse to begin a ledger where one beside it knows the same jobs, and its manifest has another name by now."""
    from weryai import bulk

    if place.exists():
        return
    for other in sorted(place.parent.glob("*.ledger.db")):
        name = re.sub(r"(\.shard-\d+-of-\d+)?\.ledger\.db$", "", other.name)
        if other.with_name(name).exists():
            continue
        with contextlib.suppress(weryai.WeryAIError):
            if known := bulk.plan(manifest, defaults, ledger=other, **loading).known:
                raise click.UsageError(
                    f"{other} knows {known:,} of these jobs, and its manifest {name} is gone: if that is called "
                    f"{manifest.name} now, say --ledger {quote(other)}; if all are to be bought anew, say "
                    f"--ledger {quote(place)}. Nothing was sent."
                )


def _go_on(
    ledger: Any, place: Place, limits: Limits, loaded: Loaded | None, perform: Callable[..., Outcome],
    *, key: str, is_plain: bool, output: Path | None, name: str, sidecar: bool,
    interval: float | None, timeout: float, outage: float, **_: Any,
) -> NoReturn:  # fmt: skip
    """Perform the jobs of a ledger, show how it goes, and end with the exit code that tells how it went."""
    from weryai import bulk

    output = output or _default_output(place)
    kept = bulk.status(place).facts
    tasks: float | None = kept.budget_tasks
    credits = kept.budget_credits
    if (limits.budget_tasks, limits.budget_credits) != (None, None):
        part = bulk.Shard(kept.part, kept.parts)
        tasks, credits = part.share(limits.budget_tasks, limits.budget_credits)
    told = dataclasses.replace(limits, budget_tasks=tasks, budget_credits=credits)
    with view_of(place, output, told, loaded, is_plain=is_plain) as view, passed_on():
        outcome = perform(
            ledger,
            output=output,
            api_key=key,
            base_url=click.get_current_context().find_root().params.get("base_url"),
            name=name,
            sidecar=sidecar,
            limits=dataclasses.replace(limits, outage=outage * 3600),
            patience=bulk.Patience(interval=interval, timeout=timeout),
            on_event=view.happened,
            watch=view.watch,
        )
    view.ended(outcome)
    raise click.exceptions.Exit(_exit_code(outcome))


def _default_output(place: Place) -> Path:
    """The folder for the videos of a run: beside its ledger, with its name; of a database `videos`."""
    if not isinstance(place, Path):
        return Path("videos")
    return place.with_name(f"{place.name.removesuffix('.db').removesuffix('.ledger')}.videos")


def _limits(options: dict[str, Any], shard: Shard, kept: Limits | None = None) -> Limits:
    """What was given, with those that are in force for the rest; a shard has its part of them."""
    from weryai import bulk

    kept = kept or bulk.Limits()
    tasks, credits = _budget(options["budget"])
    rate = kept.rate if options["rate"] is None else options["rate"]
    in_flight = kept.in_flight if options["in_flight"] is None else options["in_flight"]
    open_posts = kept.open_posts if options["open_posts"] is None else options["open_posts"]
    # A part of what is too little is at least one; what is no limit at all is refused as it stands.
    flying, posts = (max(min(many, 1), many // shard.count) for many in (in_flight, open_posts))
    start_rate = kept.start_rate if options["start_rate"] is None else options["start_rate"]
    return bulk.Limits(rate / shard.count, flying, tasks, credits, posts, start_rate=start_rate / shard.count)


def _loading(options: dict[str, Any], shard: Shard) -> dict[str, Any]:
    """What concerns the loading of the manifest."""
    from weryai import bulk

    chosen = {name: options[name] for name in ("pictures", "strict", "allow_duplicates", "convert")}
    return {**chosen, "shard": shard, "prices": bulk.read_prices(options["prices"])}


def _defaults(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in DEFAULTS}


def _budget(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    if text.strip().lower() == "none":
        return math.inf, None
    found = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)(cr)?", text.strip())
    if found is None or (found[2] is None and "." in found[1]):
        raise click.UsageError("--budget is a number of tasks, such as 100, of credits, such as 500cr, or none")
    return (None, float(found[1])) if found[2] else (int(found[1]), None)


def _shard(text: str | None) -> Shard:
    from weryai import bulk

    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text or "1/1")
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise click.UsageError("--shard is I/K, such as 1/4 to 4/4")
    return bulk.Shard(int(found[1]), int(found[2]))


def _beside(manifest: Path, shard: Shard) -> Path:
    """Where the ledger of a manifest lies unless it is named."""
    part = "" if shard.count == 1 else f".shard-{shard.index}-of-{shard.count}"
    manifest = manifest.resolve()
    return manifest.with_name(f"{manifest.name}{part}.ledger.db")


def _exit_code(outcome: Outcome) -> int:
    if outcome.interrupted:
        return exit_code(128 + (outcome.signal or 2))
    if outcome.cause in _AWAY:
        return _AWAY[outcome.cause]
    if outcome.counts.get(weryai.OrderState.AMBIGUOUS):
        return 3
    if outcome.unfetched and not outcome.is_complete:
        return 5
    return 0 if outcome.is_complete else 1


_LEFT = (weryai.OrderState.QUEUED, weryai.OrderState.SUBMITTING, weryai.OrderState.SUBMITTED)


@click.command(
    help="""
    Until Ctrl-C or SIGTERM comes. `weryai bulk run MANIFEST --database ...` puts the jobs there. A worker that is gone
    is followed by the others within seconds: what it had paid for is fetched, and nothing is sent twice. Videos are
    stored on the machine of the worker that fetches them, and local images are read there.
    """,
    epilog=examples("weryai bulk worker --database postgresql://me@db/videos --until-done"),
)
@database
@_storing
@click.option("--rate", type=float, help="Submissions per second at most, of all workers. [default: as it stands]")
@click.option("--start-rate", type=float, help="Submissions per second at first. [default: one per 3 s]")
@click.option("--in-flight", type=int, help="Unfinished tasks at most, of all workers. [default: as it stands]")
@click.option("--open-posts", type=int, help="Open submissions at most, of all workers. [default: as it stands]")
@click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds to wait for the `weryai bulk run` that makes the ledger.",
)
@click.option("--until-done", is_flag=True, help="End when nothing is left that can be done.")
@as_json
def worker(
    database: str | None, rate: float | None, start_rate: float | None, in_flight: int | None, open_posts: int | None,
    wait: float, until_done: bool, json_lines: bool, **options: Any,
) -> None:  # fmt: skip
    from weryai import bulk

    if database is None:
        raise click.UsageError(f"say where the jobs are: --database, or {DATABASE}")
    key = key_of()
    with bulk.PostgresLedger(database, make=False, wait=wait) as ledger:
        kept = bulk.limits_in_force(ledger)
        given: dict[str, Any] = {
            "rate": rate, "start_rate": start_rate, "in_flight": in_flight, "open_posts": open_posts,
        }  # fmt: skip
        limits = dataclasses.replace(kept, **{name: value for name, value in given.items() if value is not None})
        left = sum(many for state, many in bulk.status(database).counts.items() if state in _LEFT)
        end = "all is done" if until_done else "Ctrl-C"
        say(f"weryai: {counted(left, 'job')} to do in {shown(database)}, until {end}")
        work = partial(bulk.work, until_done=until_done)
        _go_on(ledger, database, limits, None, work, key=key, is_plain=json_lines, **options)


trusting = click.option("--trust-copy", is_flag=True, help="Change a ledger that seems to be a copy; see the message.")
VERDICTS = """
\b
Verdicts:
  adopt TASK_ID  it became that task, which must exist
  resubmit       send it once more, which may pay twice
  abandon        wait no more for it, of an unfinished job as well
"""
RESOLVING = examples(
    "weryai bulk resolve jobs.csv.ledger.db cat.jpg adopt 8f2ab0c4",
    "weryai bulk resolve jobs.csv.ledger.db cat.jpg abandon",
    "weryai bulk resolve jobs.csv.ledger.db --all resubmit",
)


@click.command(
    help="What is ambiguous may have been paid for and is nobody's failure yet: it is counted by itself.",
    cls=Showing,
    epilog=examples("weryai bulk status jobs.csv.ledger.db"),
)
@in_ledger
@as_json
def status(ledger: Place, json_lines: bool) -> None:
    from weryai import bulk

    found = bulk.status(ledger)
    if json_lines:
        put(True, "", event="status", ledger=shown(ledger), **status_fields(found))
    else:
        remember_service(found.facts.base_url)
        for line in "\n".join(lines(found, shown(ledger), word_of(ledger))).split("\n"):
            put_words(line)


@click.command(
    help="""
    Nothing is sent until the next run. Prints how many there are, and what they will cost once more. No run may be at
    work.
    """,
    epilog=examples(
        "weryai bulk retry jobs.csv.ledger.db --failed",
        'weryai bulk retry jobs.csv.ledger.db --failed --reason "server error"',
        "weryai bulk retry jobs.csv.ledger.db --missing",
    ),
)
@in_ledger
@click.option("--failed", is_flag=True, help="What has failed; said, so that nobody pays by mistake.")
@click.option("--missing", is_flag=True, help="Videos that are not on the disk any more: fetched again, at no cost.")
@click.option("--reason", "reasons", multiple=True, metavar="TEXT", help="Only this kind, or reasons with this text.")
@trusting
@as_json
def retry(
    ledger: Place, failed: bool, missing: bool, reasons: tuple[str, ...], trust_copy: bool, json_lines: bool
) -> None:
    from weryai import bulk

    if not failed and not missing:
        raise click.UsageError("say --failed, which pays once more, or --missing, which costs nothing")
    if reasons and not failed:
        raise click.UsageError("--reason is for --failed")
    with bulk.open_ledger(ledger, trust_copy=trust_copy) as opened:
        many = bulk.refetch(opened) if missing else 0
        again = bulk.retry(opened, *reasons) if failed else bulk.Requeued(0)
    remember_service(bulk.status(ledger).facts.base_url)
    if json_lines:
        put(True, "", event="retry", **_fields(again), waiting=again.waiting, missing=many)
        return
    if many:
        told = f"{counted(many, 'video')} {'is' if many == 1 else 'are'} missing"
        put_words(f"{told}; {going_on(ledger)} fetches what is, at no cost")
    elif missing:
        put_words("no video is missing")
    if not failed:
        return
    if again.jobs:
        put_words(f"{_cost(again)} back in the queue; {going_on(ledger)} {_sends(again)}")
    else:
        put_words("nothing is put back: no job has failed" + (" with such a reason" if reasons else ""))
    if again.not_in_manifest:
        put_words(f"{again.not_in_manifest:,} stay failed: the last manifest does not have them")
    if again.waiting:
        put_words(f"{again.waiting:,} are paid for and are waited for again, at no cost")
    if again.doubtful and reasons:
        put_words(f"{again.doubtful:,} of them were ambiguous when they were given up: they may be paid for twice")
    elif again.doubtful:
        put_words(
            f"{again.doubtful:,} stay failed: they were ambiguous when they were given up, so they may be paid for "
            'already; --reason "given up" takes them as well',
        )


@click.command(
    help="""
    Look at your call history, https://weryai.com/api/history. Nothing is sent; the next run does. No run may be at
    work.
    """,
    epilog=f"{VERDICTS}\n\n{RESOLVING}",
)
@in_ledger
@click.argument("words", nargs=-1, required=True, metavar="KEY adopt TASK_ID|resubmit|abandon")
@click.option("--all", "everything", is_flag=True, help="Every ambiguous job: `--all resubmit` or `--all abandon`.")
@trusting
@as_json
def resolve(ledger: Place, words: tuple[str, ...], everything: bool, trust_copy: bool, json_lines: bool) -> None:
    from weryai import bulk

    # With --all there is no key, so that the verdict comes first.
    given = list(words)
    keys = [] if everything else [given.pop(0)]
    decided, *tasks = given or [""]
    chosen = _verdict(decided, tasks, everything=everything)
    with bulk.open_ledger(ledger, trust_copy=trust_copy) as opened:
        if chosen == "adopt":
            base_url = click.get_current_context().find_root().params.get("base_url")
            job = bulk.adopt(opened, keys[0], tasks[0], api_key=key_of(), base_url=base_url)
            if json_lines:
                put(True, "", event="adopted", key=job.key, task_id=job.task_id)
            else:
                put_words(f"job {job.key!r:.200} is task {job.task_id}; {going_on(ledger)} fetches its video")
            return
        decide = bulk.resubmit if chosen == "resubmit" else bulk.give_up
        changed = decide(opened, *keys, everything=everything)
    remember_service(bulk.status(ledger).facts.base_url)
    if json_lines:
        put(True, "", event=chosen, **_fields(changed))
    elif chosen == "resubmit":
        if not changed.jobs:
            put_words("no job is ambiguous")
            return
        put_words(f"{_cost(changed)} back in the queue; up to {changed.doubtful:,} may be paid for twice")
        put_words(f"each counts against the budget once more; {going_on(ledger)} {_sends(changed)}")
        if changed.not_in_manifest:
            put_words(f"{changed.not_in_manifest:,} of them wait for a manifest that has them: the last one has not")
    else:
        put_words(f"{changed.jobs:,} abandoned, and failed from now on" if changed.jobs else "no job is ambiguous")


@click.command(
    help="""
    Parameters, state, task, credits, times, path, SHA-256. Works while a run goes on. Cells hold what the ledger holds;
    a spreadsheet may take a prompt that begins with "=" for a formula, so import what strangers wrote as text.
    """,
    epilog=examples(
        "weryai bulk export jobs.csv.ledger.db -o jobs-done.csv",
        "weryai bulk export jobs.csv.ledger.db -o - --format jsonl",
    ),
)
@in_ledger
@click.option("-o", "--output", type=FilePath(), required=True, metavar="FILE|-",
              help="Ends in .csv, .jsonl or .parquet; - prints.")  # fmt: skip
@click.option("--format", "chosen", type=click.Choice(["csv", "jsonl", "parquet"]), help="[default: by the suffix]")
def export(ledger: Place, output: str, chosen: Literal["csv", "jsonl", "parquet"] | None) -> None:
    from weryai import bulk

    if output == "-":
        if chosen == "parquet":
            raise click.UsageError("Parquet goes into a file, not to standard output")
        with output_bytes() as out:
            bulk.export(ledger, out, format=chosen or "csv")
        return
    many = bulk.export(ledger, output, format=chosen)
    say(f"weryai: {counted(many, 'job')} written to {output}")


def _verdict(word: str, tasks: list[str], *, everything: bool) -> str:
    if word not in ("adopt", "resubmit", "abandon"):
        raise click.UsageError(f"say adopt TASK_ID, resubmit or abandon{f', not {word!r:.200}' if word else ''}")
    if word == "adopt" and everything:
        raise click.UsageError("adopt is for one job: each has a task of its own")
    if len(tasks) != (word == "adopt"):
        raise click.UsageError("adopt needs the TASK_ID, and only adopt does")
    return word


def _cost(jobs: Requeued) -> str:
    """How many tasks, and their credits where prices are known."""
    tasks = counted(jobs.jobs, "task")
    if jobs.unpriced == jobs.jobs:
        return tasks
    more = f" and {jobs.unpriced:,} of unknown price" if jobs.unpriced else ""
    return f"{tasks} ({jobs.credits or 0:.15g} credits{more})"


def _sends(jobs: Requeued) -> str:
    return "sends it" if jobs.jobs == 1 else "sends them"


def _fields(jobs: Requeued) -> dict[str, object]:
    return {
        "tasks": jobs.jobs, "credits": jobs.credits, "unpriced": jobs.unpriced, "may_be_paid": jobs.doubtful,
        "keys": jobs.keys, "not_in_manifest": jobs.not_in_manifest,
    }  # fmt: skip


@click.command(
    help="It needs no network. Works while a run goes on. Prints the path of the page.",
    epilog=examples("weryai bulk report jobs.csv.ledger.db --open"),
)
@in_ledger
@opening
@click.option(
    "-o", "--output", type=FilePath(dir_okay=False, path_type=Path), help="[default: LEDGER.html, or report.html]"
)
@click.option("--cards", type=click.IntRange(0), default=500, show_default=True, help="Jobs to show at most.")
@click.option("--embed", type=click.IntRange(0), default=25, show_default=True, metavar="MB",
              help="Videos to put into the page; the others are played from where they lie.")  # fmt: skip
def report(ledger: Place, is_opened: bool, output: Path | None, cards: int, embed: int) -> None:
    from weryai import bulk

    target = output or (ledger.with_suffix(".html") if isinstance(ledger, Path) else Path("report.html"))
    page = bulk.report(ledger, target, cards=cards, embed=embed * 1_000_000)
    put(False, page)
    if is_opened:
        look_at(Path(page))
