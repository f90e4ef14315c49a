"""`weryai bulk status`, `retry`, `resolve`, `export` and `report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import weryai

from ._connection import connect
from ._output import as_json, put

if TYPE_CHECKING:
    from weryai.bulk import Job, Ledger, Status

_LEDGER = click.argument("ledger", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_LEDGER
@as_json
def status(ledger: Path, json_lines: bool) -> None:
    """Say how far a run is, what it has cost, what failed and why, and what is ambiguous. A run may go on meanwhile."""
    from weryai import bulk

    found = bulk.status(ledger)
    if json_lines:
        put(
            True, "", event="status", counts={state.value: many for state, many in found.counts.items()},
            submits=found.submits, credits=found.credits, budget_tasks=found.budget_tasks,
            budget_credits=found.budget_credits, base_url=found.base_url,
            reasons=[{"kind": kind, "jobs": many, "reason": reason} for kind, many, reason in found.reasons],
            ambiguous=[_fields(job) for job in found.ambiguous],
        )  # fmt: skip
        return
    _tell(ledger, found)


@click.command()
@_LEDGER
@click.option("--failed", is_flag=True, required=True, help="The failed jobs; there are no others to be retried.")
@click.option("--reason", "reasons", multiple=True, help="Only those whose reason holds this, or of this kind.")
def retry(ledger: Path, failed: bool, reasons: tuple[str, ...]) -> None:
    """Put failed jobs back into the queue. Nothing is sent: the next `weryai bulk run` buys them once more."""
    from weryai import bulk

    with _opened(ledger) as opened:
        many = bulk.retry(opened, reasons)
    click.echo(f"{many:,} jobs are queued again; `weryai bulk run {ledger}` sends them, and each is a paid task")


@click.command()
@_LEDGER
@click.argument("words", nargs=-1, required=True, metavar="KEY adopt TASK_ID | KEY resubmit | KEY give-up")
@click.option("--all", "everything", is_flag=True, help="Every ambiguous job: `--all resubmit` or `--all give-up`.")
def resolve(ledger: Path, words: tuple[str, ...], everything: bool) -> None:
    """Say what became of the ambiguous job KEY, after a look at the call history of your account.

    "adopt TASK_ID": it became that task, which must exist. "resubmit": the next run sends it once more, at the risk of
    paying twice. "give-up": want to know no more.
    """
    from weryai import bulk

    key, verdict, task_id = _decision(words, everything=everything)
    with _opened(ledger) as opened:
        keys = [job.key for job in bulk.ambiguous(opened)] if everything else [key]
        for one in keys:
            if task_id is not None:
                with connect() as client:
                    job = bulk.adopt(opened, one, task_id, client)
            else:
                job = bulk.resubmit(opened, one) if verdict == "resubmit" else bulk.give_up(opened, one)
            click.echo(f"{job.key} is {job.state.value}")
    if verdict == "resubmit" and keys:
        click.echo(f"`weryai bulk run {ledger}` sends {len(keys):,} jobs that may have been paid for already")


def _decision(words: tuple[str, ...], *, everything: bool) -> tuple[str, str, str | None]:
    """The key, the verdict and the task that the words name."""
    key, *rest = words if not everything else ("", *words)
    match rest:
        case ["adopt", task_id] if not everything:
            return key, "adopt", task_id
        case ["adopt"]:
            raise click.UsageError("adopt needs the TASK_ID, and one KEY")
        case ["resubmit" | "give-up" as verdict]:
            return key, verdict, None
    raise click.UsageError("say KEY adopt TASK_ID, KEY resubmit or KEY give-up; --all stands for KEY in the last two")


@click.command()
@_LEDGER
@click.option("-o", "--output", required=True, help="File ending in .csv, .jsonl or .parquet; - for standard output.")
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl", "parquet"]), help="[default: by the suffix]")
def export(ledger: Path, output: str, kind: str | None) -> None:
    """Write every job with its parameters, task id, credits, times, path and SHA-256 for other tools."""
    from weryai import bulk

    many = bulk.export(ledger, sys.stdout if output == "-" else output, kind)
    click.echo(f"weryai: {many:,} jobs", err=True)


@click.command()
@_LEDGER
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: LEDGER.html]")
@click.option("--cards", type=click.IntRange(0, 100_000), default=500, show_default=True, help="Pictures at most.")
def report(ledger: Path, output: Path | None, cards: int) -> None:
    """Make one page to look at: pictures and videos, what failed and why, time and spending. Prints its path."""
    from weryai import bulk

    click.echo(bulk.report(ledger, output or ledger.with_suffix(".html"), cards=cards))


def _opened(ledger: Path) -> Ledger:
    from weryai import bulk

    if not ledger.is_file():
        raise weryai.JournalError(f"there is no ledger at {ledger}")
    return bulk.Ledger(ledger)


def _fields(job: Job) -> dict[str, Any]:
    return {"key": job.key, "image": job.image, "reason": job.reason, "named": job.named, "sent": job.began}


def _tell(ledger: Path, found: Status) -> None:
    total = sum(found.counts.values())
    for state, many in found.counts.items():
        if many:
            click.echo(f"{many:>11,}  {state.value}")
    click.echo(f"{total:>11,}  jobs")
    budgets = [f"{found.budget_tasks:,} tasks" if found.budget_tasks is not None else "",
               f"{found.budget_credits:g} credits" if found.budget_credits is not None else ""]  # fmt: skip
    of = f" of a budget of {' and '.join(filter(None, budgets))}" if any(budgets) else ""
    credits = f", {found.credits:g} credits by the prices given" if found.credits else ""
    click.echo(f"\npaid for: {found.submits:,} tasks{credits}{of}")
    if found.reasons:
        click.echo("\nwhat went wrong:")
        for kind, many, reason in found.reasons:
            click.echo(f"{many:>11,}  {kind}: {reason[:90]}")
    if found.ambiguous:
        click.echo("\nambiguous, so look at the call history of your account, and then say what became of each:")
        for job in found.ambiguous:
            named = f" (its answer named {job.named})" if job.named else ""
            click.echo(f"  {job.key}: {(job.reason or '')[:80]}{named}")
        if found.counts[weryai.OrderState.AMBIGUOUS] > len(found.ambiguous):
            click.echo(f"  and {found.counts[weryai.OrderState.AMBIGUOUS] - len(found.ambiguous):,} more")
        click.echo(f"  weryai bulk resolve {ledger} KEY adopt TASK_ID, KEY resubmit, or KEY give-up")
