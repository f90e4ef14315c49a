"""What the control API tells, as JSON; the shapes stand at the top of `_control`."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import Any

from weryai.emulator._clock.clock import Clock
from weryai.emulator._scenarios.faults import Fault
from weryai.emulator._state.exchanges import Exchange
from weryai.emulator._state.ledger import LedgerRow
from weryai.emulator._state.tasks import SUCCEEDED, Task
from weryai.emulator._state.world import World

Told = dict[str, Any]
#: Settings that nobody needs to see: the key is a secret, even an invented one.
UNTOLD = ("key",)


def tell_state(world: World, home: str) -> Told:
    """Tell everything but exchanges and scenarios."""
    change = world.changes.count
    settings = {name: value for name, value in asdict(world.settings).items() if name not in UNTOLD}
    return {
        "change": change,
        "clock": tell_clock(world.clock),
        "balance": world.tasks.balance,
        "settings": {name: value if is_plain(value) else str(value) for name, value in settings.items()},
        "tasks": [tell_task(world, task, home) for task in world.tasks.all()],
        "ledger": [tell_row(row) for row in world.ledger.rows()],
        "faults": [tell_fault(fault) for fault in world.faults.all()],
        "exchanges": {"count": len(world.exchanges.all()), "change": change},
    }


def is_plain(value: object) -> bool:
    """Whether JSON has the value as it is."""
    return value is None or isinstance(value, str | int | float | bool | tuple)


def tell_clock(clock: Clock) -> Told:
    """Tell what time it is, and how it passes."""
    return {"kind": clock.kind, "now": clock.now(), "speed": clock.speed}


def tell_task(world: World, task: Task, home: str) -> Told:
    """Tell one task."""
    state = world.tasks.state(task)
    has_video = state == SUCCEEDED and task.fate.has_video
    return {
        "id": task.id,
        "batch_id": task.batch_id,
        "state": state,
        "word": world.tasks.word(task),
        "reason": world.tasks.reason(task),
        "model": task.work.model,
        "prompt": task.work.prompt,
        "seconds": task.work.seconds,
        "ratio": task.work.ratio,
        "picture": task.work.image,
        "video": world.video_url(task, home) if has_video else None,
        "credits": task.credits,
        "refunded": world.tasks.refunded(task),
        "job": task.work.job,
        "scenario": task.scenario,
        "faults": [fault.id for fault in task.faults],
        "webhook_url": task.work.webhook_url,
        "webhook": task.webhook,
        "submitted_at": task.submitted_at,
        "starts_at": world.tasks.starts_at(task),
        "ends_at": world.tasks.ends_at(task),
    }


def tell_row(row: LedgerRow) -> Told:
    """Tell one job."""
    return {**asdict(row), "state": row.state, "is_double": row.is_double}


def tell_fault(fault: Fault) -> Told:
    """Tell one fault."""
    return {
        "id": fault.id,
        "name": fault.name,
        "stage": fault.stage,
        "source": fault.source,
        "ordered": fault.ordered,
        "each": fault.each,
        "met": fault.met,
        "is_open": fault.is_open,
        "cancelled": fault.cancelled,
        "task_ids": list(fault.task_ids),
    }


def tell_exchange(exchange: Exchange) -> Told:
    """Tell one exchange without headers and bodies."""
    return {
        "id": exchange.id,
        "change": exchange.revision,
        "kind": exchange.kind,
        "method": exchange.request.method,
        "path": exchange.request.path,
        "query": exchange.request.query,
        "operation": exchange.operation,
        "status": exchange.status,
        "at": exchange.at,
        "seconds": exchange.seconds,
        "scenarios": list(exchange.scenarios),
        "task_ids": list(exchange.task_ids),
        "complaints": [asdict(one) for one in exchange.complaints],
        "trouble": exchange.trouble,
    }


def tell_whole_exchange(exchange: Exchange) -> Told:
    """Tell one exchange with headers and bodies."""
    return {
        **tell_exchange(exchange),
        "request": {"headers": exchange.request.headers, "body": tell_body(exchange.request.body)},
        "answer": {"headers": exchange.headers, "body": tell_body(exchange.body)},
    }


def tell_body(body: bytes) -> Told:
    """Tell a body as the text that it is, else in base 64."""
    try:
        return {"size": len(body), "text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"size": len(body), "base64": b64encode(body).decode("ascii")}
