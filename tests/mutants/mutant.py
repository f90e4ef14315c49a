"""One mistake as data, and what it takes to make it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .edits import Change
from .sources import Sources, here

GENERATED = "generated_client/weryai_api/"
TESTS = Path(__file__).resolve().parents[1]


class Edit(Protocol):
    """What is changed: an edit of a definition, of the contract, or of a template."""

    def change(self, sources: Sources) -> Change:
        """The change that it makes in these sources; raises MutantError unless there is exactly one place for it."""


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    `id` starts with the area, `claim` says what goes wrong for a user, `first` are the test modules most likely to see
    it, by their names alone.
    """

    id: str
    edit: Edit
    claim: str
    first: tuple[str, ...]

    @property
    def area(self) -> str:
        """The part of the product that is broken: contract, generated, overlay or emulator."""
        return self.id.partition(".")[0]

    @functools.cached_property
    def change(self) -> Change:
        """The change in this checkout's files."""
        return self.edit.change(here())

    @property
    def is_source(self) -> bool:
        """Whether the file is a source of the generated client, so that it has to be made again."""
        return self.change.file.startswith("openapi/")

    @property
    def first_files(self) -> tuple[str, ...]:
        """The test modules to try first, as pytest takes them."""
        return tuple(path for name in self.first for path in modules_by_name().get(name, ()))

    def apply(self, root: Path) -> None:
        """Make the mistake in a copy of this checkout."""
        path = root / self.change.file
        path.write_text(self.change.applied(path.read_text(encoding="utf-8")), encoding="utf-8")


@functools.cache
def modules_by_name() -> dict[str, tuple[str, ...]]:
    """Every test module by its name, wherever it lies."""
    files: dict[str, tuple[str, ...]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        files[path.stem] = (*files.get(path.stem, ()), path.relative_to(TESTS.parent).as_posix())
    return files
