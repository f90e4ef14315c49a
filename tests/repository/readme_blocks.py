"""The fenced blocks of a Markdown file."""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block, the line on which it starts, and the output printed right below it, if any."""

    language: str
    text: str
    line: int
    last_line: int
    output: str | None = None


def blocks(markdown: str) -> list[Block]:
    """Return the blocks of a text; a ```text block right below another one is that one's output."""
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(markdown):
        line, last = (markdown.count("\n", 0, position) + 1 for position in match.span())
        follows = bool(found) and not markdown[end : match.start()].strip()
        if match["language"] == "text" and follows:
            above = found.pop()
            found.append(Block(above.language, above.text, above.line, last, match["text"]))
        else:
            found.append(Block(match["language"], match["text"], line, last))
        end = match.end()
    return found
