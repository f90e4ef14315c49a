"""The commands that ask: `models`, `balance`, `completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import weryai

from ._connection import connect
from ._help import examples
from ._output import Showing, as_json, put, say

if TYPE_CHECKING:
    from weryai import Model


@click.command(
    help="List the models, or what one model, its KEY, takes.",
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


@click.command(help="Print the credits left.", cls=Showing, epilog=examples("weryai balance"))
@as_json
def balance(json_lines: bool) -> None:
    with connect() as client:
        credits = client.account.balance()
    put(json_lines, f"{credits:g}" if credits < 1e15 else credits, event="balance", credits=credits)


@click.command(
    help="Print the completion script of a SHELL.", cls=Showing, epilog=examples('eval "$(weryai completion bash)"')
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root()
    for line in kind(root.command, {}, "weryai", "_WERYAI_COMPLETE").source().splitlines():
        put(False, line)
