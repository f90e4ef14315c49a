"""The documents of the repository, their fenced blocks, and the length of their sentences."""

import re
from dataclasses import dataclass

from repository.places import ROOT, committed

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
#: What people read, by its path in the repository.
DOCUMENTS = (
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *(name for name in committed() if name.startswith("docs/") and name.endswith(".md")),
)


def text_of(document: str) -> str:
    """Return a document's text."""
    return (ROOT / document).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block, the line on which it starts, and the output printed right below it, if any."""

    document: str
    language: str
    text: str
    line: int
    last_line: int
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(document: str) -> list[Block]:
    """Return the blocks of a document; a ```text block right below another one is that one's output."""
    markdown = text_of(document)
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(markdown):
        line, last = (markdown.count("\n", 0, position) + 1 for position in match.span())
        follows = bool(found) and not markdown[end : match.start()].strip()
        if match["language"] == "text" and follows:
            above = found.pop()
            found.append(Block(document, above.language, above.text, above.line, last, match["text"]))
        else:
            found.append(Block(document, match["language"], match["text"], line, last))
        end = match.end()
    return found


def sentences(markdown: str) -> list[str]:
    """Return the sentences of a text outside blocks, tables and titles, each code span as one word."""
    lines = ["" if line.startswith(("|", "#", "```")) else line for line in FENCE.sub("", markdown).splitlines()]
    prose = re.sub(r"^ *(?:[*-]|[0-9]+[.]) ", "\n", "\n".join(lines), flags=re.MULTILINE)
    prose = re.sub(r"`[^`]+`", "CODE", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", prose))
    parts = (
        part for paragraph in re.split(r"\n\s*\n", prose) for part in re.split(r"(?<=[.!?])\s+(?=[A-Z*\"])", paragraph)
    )
    return [" ".join(part.split()) for part in parts if part.strip()]
