"""What one does after, or beside, a bulk run: `status`, `retry`, `resolve`, `export`, `report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .._connection import FilePath, key_of, look_at, opening
from .._output import Showing, as_json, output_bytes, put, put_words, say
from .._words import counted, examples
from .view import Place, going_on, in_ledger, lines, remember_service, shown, status_fields, word_of

if TYPE_CHECKING:
    from weryai.bulk import Requeued

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
