"""The command that asks a service whether it keeps the contract: `contract`."""

from __future__ import annotations

import click

from ._output import put
from ._packages import require


@click.command(
    help="Ask a service whether it keeps the contract; it needs weryai[contract]. `weryai contract --help` says more.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    short_help="Ask a service whether it keeps the contract.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def contract(context: click.Context, words: tuple[str, ...]) -> int:
    given = context.parent.params if context.parent else {}
    if given.get("api_key") or given.get("base_url"):
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
