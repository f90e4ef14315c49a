"""Say what a page of the vendor's documentation, copied from a browser, tells otherwise than openapi/weryai.yaml.

Exit code: 0 when all is the same or marked as known, 1 on any other difference, 2 when the page cannot be read.
"""

from __future__ import annotations

import argparse
import sys
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
    contract: Any = YAML().load(CONTRACT.read_text(encoding="utf-8"))
    known: Any = YAML(typ="safe").load(KNOWN.read_text(encoding="utf-8"))
    try:
        page = read_page(options.page.read_text(encoding="utf-8-sig"), known_models(contract))
        found = list(Comparison(page, contract, known).findings())
    except (OSError, UnicodeDecodeError, PageError) as error:
        print(f"openapi/page.py: {options.page}: {error}", file=sys.stderr)
        return 2
    if not page.body and not page.body_whole:
        print("nothing of the page's fields was seen")
    return report(found)


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
