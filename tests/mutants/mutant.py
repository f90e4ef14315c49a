"""One mistake as data, and what it takes to make it."""

from dataclasses import dataclass
from pathlib import Path

OVERLAY = "overlays/weryai/"
GENERATED = "generated_client/weryai_api/"
CONTRACT = "openapi/weryai.yaml"
TEMPLATES = "openapi/templates/"
EMULATOR = "overlays/weryai/emulator/"


class MutantError(Exception):
    """The list is wrong, or a copy cannot be made; the message says what."""


@dataclass(frozen=True)
class Mutant:
    """One edit of one file.

    `id` starts with the area, `old` stands in the file exactly once, `claim` says what goes wrong for a user, `first`
    are the test files most likely to see it, `covers` names what of the endpoint it is the mutant of.
    """

    id: str
    file: str
    old: str
    new: str
    claim: str
    first: tuple[str, ...]
    covers: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """The part of the product that is broken: contract, generated, overlay or emulator."""
        return self.id.partition(".")[0]

    @property
    def is_source(self) -> bool:
        """Whether the file is a source of the generated client, so that it has to be made again."""
        return self.file.startswith("openapi/")

    def edited(self, text: str) -> str:
        """The file's text with the mistake in it."""
        if self.old == self.new or text.count(self.old) != 1:
            raise MutantError(f"{self.id}: the old text stands {text.count(self.old)} times in {self.file}, not once")
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        """Make the mistake in a tree."""
        path = root / self.file
        path.write_text(self.edited(path.read_text(encoding="utf-8")), encoding="utf-8")
