"""Say what a page of the vendor's documentation, copied from a browser, tells otherwise than openapi/weryai.yaml.

Exit code: 0 when all is the same or marked as known, 1 on any other difference, 2 when the page cannot be read.
"""

from __future__ import annotations

import argparse
import functools
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from page_diff.comparing import Comparison, Difference, Unseen, known_models
from page_diff.reading import PageError, read_page

SOURCES = Path(__file__).resolve().parent
CONTRACT = SOURCES / "weryai.yaml"
KNOWN = SOURCES / "page_diff" / "known.yaml"


def main(arguments: list[str] | None = None) -> int:
    """Print the differences; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    options = parser.parse_args(arguments)
    contract, known = read_contract()
    try:
        page = read_page(decoded(options.page.read_bytes()), known_models(contract))
        found = list(Comparison(page, contract, known).findings())
    except (OSError, UnicodeDecodeError, PageError) as error:
        print(f"openapi/page.py: {options.page}: {error}", file=sys.stderr)
        return 2
    if not page.body and not page.body_whole:
        print("nothing of the page's fields was seen")
    return report(found)


@functools.cache
def read_contract() -> tuple[Any, Any]:
    """Return the contract with the lines of its file, and what is known to differ."""
    contract = YAML().load(CONTRACT.read_text(encoding="utf-8"))
    return contract, YAML(typ="safe").load(KNOWN.read_text(encoding="utf-8"))


def decoded(data: bytes) -> str:
    """Return the text of a file, as editors of any system store it."""
    return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")


def report(found: list[Difference | Unseen]) -> int:
    """Print what was found, the new first, and the words to paste; return the exit code."""
    new = [one for one in found if isinstance(one, Difference) and not one.known]
    for told in new:
        print(f"differs   {told}")
    for one in found:
        if isinstance(one, Difference) and one.known:
            print(f"known     {one}: {one.known}")
        elif isinstance(one, Unseen):
            print(f"not seen  {one}")
    for told in new:
        if told.paste:
            print(f"\n# {CONTRACT.name}:{told.place}, {told.field} {told.word}".rstrip())
            print(told.paste)
    if not new:
        print("nothing differs that is not known")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
